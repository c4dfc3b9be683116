import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { randomNumbers } from '../support/random-numbers.ts'
import { Caller, isEnd } from './caller.ts'
import { ChannelRecorder } from './channel-recorder.ts'
import { type ChaosStack, startChaosStack } from './chaos-stack.ts'
import { judge, type Verdict } from './checker.ts'
import { type Fault, planFaults } from './fault-plan.ts'
import { Faults } from './faults.ts'
import { History } from './history.ts'
import { inspectKeys, type KeysAtTheEnd } from './keys-left.ts'
import { makeRequests } from './load.ts'
import { untilAtRest } from './queue-at-rest.ts'
import { planRequests } from './request-plan.ts'
import type { ChaosSettings } from './settings.ts'

export interface ChaosRun {
  settings: ChaosSettings
  planned: readonly Fault[]
  faults: Pick<Faults, 'begun' | 'heldWhenKilled' | 'connectionsCut'>
  history: History
  keys: KeysAtTheEnd
  /** What processes said that ended, or did not start, without being told to. */
  endings: string[]
  /** From the first request until all had ended, ms. */
  loadMs: number
  verdict: Verdict
}

export interface RunPlace {
  /** For logs, the model and Redis' file; nothing of an earlier run may be there. */
  folder: string
  env: Record<string, string>
  signal: AbortSignal
  onProgress: (line: string) => void
}

const PROGRESS_EVERY_MS = 5_000
/** How many jobs are asked for at the same time at the end, and how often the same one is. */
const LAST_LOOKS_AT_ONCE = 16
const LAST_LOOK_TRIES = 20
/** For jobs of calls without an answer to end, in leases. */
const REST_LEASES = 10

/**
 * A load on the whole system while its parts are killed, stopped, cut off and filled, all as drawn from the seed; then, with everything alive
 * again, what became of every request. What is drawn is the same for a seed, and when it happens is real: two runs are alike, and not the same.
 */
export async function runChaos(settings: ChaosSettings, place: RunPlace): Promise<ChaosRun> {
  const { signal, onProgress } = place
  const seeds = randomNumbers(settings.seed)
  const plans = planRequests(settings, randomNumbers(seeds(2 ** 31)))
  const planned = planFaults(settings, randomNumbers(seeds(2 ** 31)))
  const history = new History()
  const stack = await startChaosStack({ settings, ...place })
  let told = ''
  const progress = setInterval(() => {
    const now = progressOf(history)
    if (now !== told) onProgress(now)
    told = now
  }, PROGRESS_EVERY_MS)
  try {
    const channels = await ChannelRecorder.open(stack.redis, stack.keys, history)
    const faults = new Faults(stack, planned, onProgress)
    const caller = new Caller(stack.edgeUrls, history, settings)
    await untilServed(stack, signal)
    const beginMs = performance.now()
    const onRequest = (number: number) => faults.at(number)
    await makeRequests(plans, { ...{ caller, channels, history, settings, signal }, onRequest })
    await faults.over()
    await allAlive(stack)
    onProgress('faults are over; reading every answer')
    await readEveryAnswer(history, caller, signal)
    const loadMs = performance.now() - beginMs
    const restless = await untilAtRest(stack, REST_LEASES * settings.leaseMs, signal)
    await stack.stopServices()
    channels.close()
    onProgress('services have stopped; looking at what is left in Redis')
    const keys = await inspectKeys(stack, settings, signal)
    const endings = [...stack.pools, ...stack.gateways, ...stack.edges].flatMap(({ spec, endings }) =>
      endings.map((reason) => `${spec.name}: ${reason}`),
    )
    const verdict = judge(history, [...restless, ...keys.left], settings)
    return { settings, planned, faults, history, keys, endings, loadMs, verdict }
  } finally {
    clearInterval(progress)
    await stack.abandon()
  }
}

function progressOf({ requests, jobs }: History): string {
  const ended = [...jobs.values()].filter(({ sightings }) => sightings.some(isEnd)).length
  return `${requests.length} requests, ${jobs.size} jobs, ${ended} of them ended`
}

/** Until each edge knows the model, and a pool that serves it. */
async function untilServed({ edgeUrls }: ChaosStack, signal: AbortSignal): Promise<void> {
  for (const url of edgeUrls)
    while (!(await fetch(`${url}/ready`, { signal })).ok) await sleep(100, undefined, { signal })
}

/** What has ended by itself is up again, too. */
async function allAlive({ pools, gateways, edges }: ChaosStack): Promise<void> {
  await Promise.all([...pools, ...gateways, ...edges].map((part) => part.start()))
}

/** Of every job that a caller knows, once more, whatever was told of it before. */
async function readEveryAnswer(history: History, caller: Caller, signal: AbortSignal): Promise<void> {
  const few = pLimit(LAST_LOOKS_AT_ONCE)
  const known = [...history.jobs.values()].filter(({ request }) => request !== undefined)
  const read = async (id: string, edge: number) => {
    for (let turn = 0; turn < LAST_LOOK_TRIES; turn++) {
      if (isEnd(await caller.look(id, edge + turn, 2))) return
      await sleep(100, undefined, { signal })
    }
  }
  await Promise.all(known.map(({ id }, i) => few(() => read(id, i))))
}
