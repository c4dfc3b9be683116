import { queueDepth } from '../../shared/queue-depth.ts'
import type { LivePool } from '../../shared/statistics.ts'
import { Fleet } from './fleet.ts'
import type { LoadCurve } from './load-curves.ts'
import { poisson, seededRandom } from './random.ts'
import type { Sample, ScalingPolicy } from './scaling-policy.ts'
import { WaitingLine } from './waiting-line.ts'

export interface SimulationOptions {
  curve: LoadCurve
  policy: ScalingPolicy
  /** Jobs a second of one machine. */
  rate: number
  bootSeconds: number
  maxBacklog: number
  deadlineSeconds: number
  /** SCALE_TO_ZERO_AFTER_SECONDS. */
  keptWarmSeconds: number
  /** How often the depth is published, which is also how often alarms look at it. */
  metricSeconds: number
  /** From the depth's reading to a cloud's acting upon it. */
  metricDelaySeconds: number
  /** A machine that has begun to serve counts as starting for so long: AWS' instance warm-up. */
  warmupSeconds: number
  initialMachines: number
  seed: number
}

export interface SimulationResult {
  hours: number
  served: number
  refused: number
  expired: number
  /** Seconds. */
  waitP50: number
  waitP95: number
  machineHours: number
  interrupted: number
  /** How often the number of desired machines changed. */
  changes: number
  /** By the metric's interval. */
  timeline: { second: number; load: number; serving: number; starting: number; jobs: number }[]
}

const BOOT_SPREAD = 0.15
/** A lifecycle hook, and what a cloud takes to end a machine. */
const GONE_SECONDS = 60
/** Pools announce how busy they were as often. */
const ANNOUNCED_SECONDS = 30
const SAMPLES_KEPT = 100

/** Replays a load through a policy, second by second. The same options give the same result. */
export function simulate(options: SimulationOptions): SimulationResult {
  const { curve, rate, metricSeconds } = options
  const random = seededRandom(options.seed)
  const line = new WaitingLine({ maxJobs: options.maxBacklog, deadlineSeconds: options.deadlineSeconds })
  const fleet = new Fleet({
    ...{ bootSeconds: options.bootSeconds, bootSpread: BOOT_SPREAD, goneSeconds: GONE_SECONDS, random },
  })
  const pools = new Pools(rate)
  const scaler = new Scaler(options, fleet)
  fleet.desired = options.initialMachines
  const timeline: SimulationResult['timeline'] = []
  for (let second = 0; second < curve.hours * 3_600; second++) {
    for (const { share } of curve.interruptions?.filter((each) => each.second === second) ?? [])
      fleet.interrupt(share)
    const { drought } = curve
    fleet.step(second, !drought || second < drought.from || second >= drought.to)
    const serving = fleet.serving(second)
    const load = curve.load(second)
    const arrived = poisson(load * rate, random) + poisson(1 / (curve.jobEverySeconds ?? Infinity), random)
    pools.step(second, serving, line.step(second, arrived, Math.round(serving * rate)))
    if (second % metricSeconds !== 0) continue
    const queues = [{ model: 'm', version: '1', jobs: line.jobs }]
    const depth = queueDepth(queues, pools.announced, options.keptWarmSeconds).total
    scaler.step({ second, depth, machines: serving })
    timeline.push({ second, load, serving, starting: fleet.starting(second), jobs: line.jobs })
  }
  return {
    hours: curve.hours,
    ...{ served: line.servedJobs, refused: line.refused, expired: line.expired },
    ...{ waitP50: line.waited(0.5), waitP95: line.waited(0.95) },
    ...{ machineHours: fleet.machineSeconds / 3_600, interrupted: fleet.interrupted },
    ...{ changes: scaler.changes, timeline },
  }
}

/** What pools have announced of themselves: how busy they were, all alike, and since when idle. */
class Pools {
  readonly #rate: number
  #served = 0
  #servedAt = Number.NEGATIVE_INFINITY
  #serving = 0
  announced: LivePool[] = []

  constructor(rate: number) {
    this.#rate = rate
  }

  step(second: number, serving: number, served: number): void {
    // A machine that has just started has not been idle.
    if (served > 0 || serving > this.#serving) this.#servedAt = second
    this.#serving = serving
    this.#served += served
    // Who has gone takes leave at once; how busy the others were is told every half minute.
    this.announced.length = Math.min(this.announced.length, serving)
    if (second % ANNOUNCED_SECONDS !== 0 && this.announced.length === serving) return
    const busy = Math.min(1, this.#served / (this.#rate * ANNOUNCED_SECONDS * Math.max(1, serving)))
    const told = second % ANNOUNCED_SECONDS === 0 ? { 'm@1': busy } : (this.announced[0]?.busy ?? {})
    if (second % ANNOUNCED_SECONDS === 0) this.#served = 0
    this.announced = Array.from({ length: serving }, (_, i) => ({
      ...{
        id: String(i),
        models: ['m@1'],
        device: 'simulated',
        inFlight: 0,
        imagesPerSecond: 0,
        startedAt: 0,
        lastSettledAt: null,
      },
      ...{
        state: 'ok' as const,
        runningMs: 0,
        busy: told,
        recent: {},
        idleMs: 1_000 * (second - this.#servedAt),
      },
    }))
  }
}

/** Hands a policy what its cloud has by then, and the fleet what the policy wants. */
class Scaler {
  readonly #options: SimulationOptions
  readonly #fleet: Fleet
  readonly #samples: Sample[] = []
  changes = 0

  constructor(options: SimulationOptions, fleet: Fleet) {
    this.#options = options
    this.#fleet = fleet
  }

  step(sample: Sample): void {
    this.#samples.push(sample)
    if (this.#samples.length > SAMPLES_KEPT) this.#samples.shift()
    const { second } = sample
    const there = this.#samples.filter((each) => each.second <= second - this.#options.metricDelaySeconds)
    const { desired } = this.#fleet
    const group = { second, desired, starting: this.#fleet.starting(second, this.#options.warmupSeconds) }
    const wanted = this.#options.policy.decide(there, group)
    if (wanted !== desired) this.changes++
    this.#fleet.desired = wanted
  }
}
