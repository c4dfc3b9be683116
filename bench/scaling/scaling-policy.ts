/** What a cloud sees of one moment. */
export interface Sample {
  second: number
  depth: number
  /** Machines that are in service. */
  machines: number
}

/** What a policy knows beside the metric. */
export interface GroupView {
  second: number
  desired: number
  /** Machines that were launched and do not serve yet, or only since shortly: metrics do not show them, or not for long enough. */
  starting: number
}

export interface SizeLimits {
  minSize: number
  maxSize: number
}

/** A cloud's autoscaling, as the Terraform modules set it up. */
export interface ScalingPolicy {
  /** How many machines there are to be. `samples`: those that the cloud has by now, oldest first. */
  decide(samples: readonly Sample[], group: GroupView): number
}

export function within({ minSize, maxSize }: SizeLimits, wanted: number): number {
  return Math.min(maxSize, Math.max(minSize, wanted))
}
