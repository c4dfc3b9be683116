import { type GroupView, type Sample, type ScalingPolicy, type SizeLimits, within } from './scaling-policy.ts'

export interface AwsPolicyOptions extends SizeLimits {
  /** Jobs a machine that target tracking holds. */
  targetBacklogPerInstance: number
}

/** Of the alarms that target tracking makes for itself, by AWS: their length cannot be set. */
const HIGH_DATAPOINTS = 3
const LOW_DATAPOINTS = 15
/** Below this share of the target the other alarm sounds. */
const LOW_SHARE = 0.9
const PERIOD_SECONDS = 60

/**
 * EC2 Auto Scaling: step scaling by one when nothing is in service and jobs wait, `IF(FILL(FILL(n, REPEAT), 0) < 1, depth, 0) > 0` in one
 * datapoint; target tracking on `IF(n > 0, depth/n, depth)`, which adds after three minutes above the target and takes away after fifteen below
 * nine tenths of it. An alarm that goes on acts again each minute. Machines that start, or are in their warm-up, count as there, and while some do none is taken
 * away.
 */
export class AwsPolicy implements ScalingPolicy {
  readonly #options: AwsPolicyOptions

  constructor(options: AwsPolicyOptions) {
    this.#options = options
  }

  decide(samples: readonly Sample[], group: GroupView): number {
    // Of several policies the one that wants the most wins.
    return within(this.#options, Math.max(this.#woken(samples, group), this.#tracked(samples, group)))
  }

  #woken(samples: readonly Sample[], { desired, starting }: GroupView): number {
    const last = samples.at(-1)
    const sounds = last !== undefined && last.machines < 1 && last.depth > 0
    return sounds && starting === 0 ? desired + 1 : 0
  }

  #tracked(samples: readonly Sample[], { desired, starting }: GroupView): number {
    const target = this.#options.targetBacklogPerInstance
    const minutes = samples.filter(({ second }) => second % PERIOD_SECONDS === 0)
    const last = minutes.at(-1)
    if (!last) return desired
    const wanted = Math.ceil(last.depth / target)
    if (all(minutes, HIGH_DATAPOINTS, (each) => each > target)) return Math.max(desired, wanted)
    if (all(minutes, LOW_DATAPOINTS, (each) => each < LOW_SHARE * target) && starting === 0)
      return Math.min(desired, wanted)
    return desired
  }
}

function all(samples: readonly Sample[], count: number, holds: (backlog: number) => boolean): boolean {
  const latest = samples.slice(-count)
  return (
    latest.length === count && latest.every(({ depth, machines }) => holds(depth / Math.max(1, machines)))
  )
}
