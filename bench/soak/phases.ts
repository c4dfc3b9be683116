import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchSetup } from '../bench-setup.ts'
import type { Mix } from './arrivals.ts'
import { OVERLOAD_MIX, STEADY_MIX } from './call-kinds.ts'
import { contradictions, type KeysLeft, keysLeft } from './leftovers.ts'
import type { CallRecord, LoadResult, LoadTask } from './load.ts'
import { runLoad } from './load-process.ts'
import type { SoakOptions } from './options.ts'
import { edgeBundle, FORGOTTEN_AFTER_SECONDS, type SoakStack, withSoakStack } from './soak-stack.ts'
import type { StackSample, Usage } from './stack-watch.ts'

const AT_ONCE = 64
const WARM_UP_SECONDS = 10
const CALIBRATE_SECONDS = 20
/** Of steady and overload together. */
const STEADY_PART = 0.75
const STEADY_SHARE = 0.8
const OVERLOAD_FACTOR = 3
const OBEY_SHARE = 0.5
const RETRIES = 2
/** What the queue may hold, in seconds of capacity: whoever is accepted waits little longer. */
const BACKLOG_SECONDS = 2
/** How long an upload may wait at the edge to be read, and again to be decoded. */
const UPLOAD_WAIT_SECONDS = 2
/** Of an API key, as a part of capacity: more than steady asks of it, and a third of what overload does. */
const KEY_SHARE = 0.1
/** The photos that one load sends are not those of the one before, which Redis knows. */
const PHOTOS_APART = 50_000
/** Until connections that nobody uses are closed, on either side. */
const IDLE_MS = 10_000

export interface Capacity {
  callsPerSecond: number
  imagesPerSecond: number
}

export interface LoadPhase {
  perSecond: number
  seconds: number
  records: CallRecord[]
  usage: Usage
  /** With no call under way, after it. */
  after: StackSample
  /** Jobs that ended otherwise, or not at all. */
  contradictions: string[]
  keys: KeysLeft
}

export interface SoakFigures {
  capacity: Capacity
  maxBacklog: number
  uploadWaitSeconds: number
  /** Calls a second that the API key allows. */
  keyRate: number
  /** After the warm-up, with no call under way. */
  before: StackSample
  steady: LoadPhase
  overload: LoadPhase
  quiet: { after: StackSample; keys: KeysLeft; seconds: number }
}

/** All phases. */
export async function soak(setup: BenchSetup, options: SoakOptions): Promise<SoakFigures> {
  setup.onProgress('starting the local stack')
  const bundle = await edgeBundle(setup, options)
  const phases = new Phases(setup, options)
  const generous = { maxBacklog: 100_000, uploadWaitSeconds: 60, keyRate: 100_000 }
  const capacity = await withSoakStack(setup, options, bundle, generous, (stack) => phases.calibrate(stack))
  const maxBacklog = Math.ceil(BACKLOG_SECONDS * capacity.imagesPerSecond)
  const keyRate = KEY_SHARE * capacity.imagesPerSecond
  setup.onProgress(
    `capacity ${capacity.imagesPerSecond.toFixed(1)} images/s in ${capacity.callsPerSecond.toFixed(1)} calls/s; MAX_BACKLOG ${maxBacklog}`,
  )
  const limits = { maxBacklog, uploadWaitSeconds: UPLOAD_WAIT_SECONDS, keyRate }
  return withSoakStack(setup, options, bundle, limits, async (stack) => {
    const before = await phases.warmUp(stack)
    const steady = await phases.steady(stack, capacity)
    const overload = await phases.overload(stack, capacity)
    return { capacity, ...limits, before, steady, overload, quiet: await phases.quiet(stack) }
  })
}

class Phases {
  readonly #setup: BenchSetup
  readonly #options: SoakOptions
  #tasks = 0

  constructor(setup: BenchSetup, options: SoakOptions) {
    this.#setup = setup
    this.#options = options
  }

  /** Calls that follow each other. What ends late counts with the time it took. */
  async calibrate(stack: SoakStack): Promise<Capacity> {
    const closed = { mix: STEADY_MIX, pace: { atOnce: AT_ONCE } }
    await this.#load(stack, { ...closed, seconds: WARM_UP_SECONDS })
    const { records } = await this.#load(stack, { ...closed, seconds: CALIBRATE_SECONDS })
    const failed = records.find(({ failure }) => failure)?.failure
    if (failed) throw new Error(`a call failed while capacity was measured: ${failed.what}`)
    const inTime = records.filter(({ endedMs }) => endedMs <= 1000 * CALIBRATE_SECONDS)
    return {
      callsPerSecond: inTime.length / CALIBRATE_SECONDS,
      imagesPerSecond: inTime.reduce((sum, { images }) => sum + images, 0) / CALIBRATE_SECONDS,
    }
  }

  async warmUp(stack: SoakStack): Promise<StackSample> {
    await this.#load(stack, { mix: STEADY_MIX, pace: { atOnce: AT_ONCE }, seconds: WARM_UP_SECONDS })
    await this.#idle()
    return stack.watch.sampleAtRest()
  }

  steady(stack: SoakStack, { callsPerSecond }: Capacity): Promise<LoadPhase> {
    const seconds = Math.ceil(60 * this.#options.minutes * STEADY_PART)
    return this.#measure('steady', stack, STEADY_MIX, STEADY_SHARE * callsPerSecond, seconds)
  }

  /** One photo a call. */
  overload(stack: SoakStack, { imagesPerSecond }: Capacity): Promise<LoadPhase> {
    const seconds = Math.ceil(60 * this.#options.minutes * (1 - STEADY_PART))
    return this.#measure('overload', stack, OVERLOAD_MIX, OVERLOAD_FACTOR * imagesPerSecond, seconds)
  }

  /** Until all that is a job's is gone, or should be. */
  async quiet({ redis, keys, watch }: SoakStack): Promise<SoakFigures['quiet']> {
    this.#setup.onProgress('quiet: waiting until Redis has forgotten all jobs')
    const begin = performance.now()
    const passed = () => (performance.now() - begin) / 1000
    await this.#idle()
    const left = async () => {
      const { byKind } = await keysLeft(redis, keys)
      return (byKind.job ?? 0) + (byKind.input ?? 0) + (byKind.followers ?? 0)
    }
    while ((await left()) > 0 && passed() < FORGOTTEN_AFTER_SECONDS) await this.#idle(1_000)
    return { seconds: passed(), after: await watch.sampleAtRest(), keys: await keysLeft(redis, keys) }
  }

  async #measure(
    name: string,
    stack: SoakStack,
    mix: Mix,
    perSecond: number,
    seconds: number,
  ): Promise<LoadPhase> {
    this.#setup.onProgress(`${name}: ${perSecond.toFixed(1)} calls/s for ${seconds} s`)
    const { result, usage } = await stack.watch.during(
      () => this.#load(stack, { mix, pace: { perSecond }, seconds }),
      ({ cpuMs }) => cpuMs,
    )
    const { redis, keys } = stack
    const wrong = await contradictions(redis, keys, result.jobs)
    const left = await keysLeft(redis, keys)
    await this.#idle()
    const after = await stack.watch.sampleAtRest()
    return { perSecond, seconds, records: result.records, usage, after, contradictions: wrong, keys: left }
  }

  #load(stack: SoakStack, what: Pick<LoadTask, 'mix' | 'pace' | 'seconds'>): Promise<LoadResult> {
    const number = this.#tasks++
    return runLoad(this.#setup, {
      ...{ edgeUrl: stack.edgeUrl, apiKey: stack.apiKey, name: `task-${number}` },
      ...{
        seed: this.#options.seed + number,
        firstPhoto: number * PHOTOS_APART,
        obeyShare: OBEY_SHARE,
        retries: RETRIES,
      },
      ...what,
    })
  }

  async #idle(ms = IDLE_MS): Promise<void> {
    await sleep(ms, undefined, { signal: this.#setup.signal })
  }
}
