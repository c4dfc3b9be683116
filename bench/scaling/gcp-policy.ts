import { type GroupView, type Sample, type ScalingPolicy, type SizeLimits, within } from './scaling-policy.ts'

export interface GcpPolicyOptions extends SizeLimits {
  /** `single_instance_assignment`: jobs that one machine is there for. */
  targetBacklogPerInstance: number
  stabilizationSeconds: number
}

/**
 * Compute Engine's autoscaler on one metric of the group: depth by assignment, rounded up. It grows at once, and shrinks only to the most
 * that it has wanted within the stabilisation period.
 */
export class GcpPolicy implements ScalingPolicy {
  readonly #options: GcpPolicyOptions
  readonly #wanted: { second: number; machines: number }[] = []

  constructor(options: GcpPolicyOptions) {
    this.#options = options
  }

  decide(samples: readonly Sample[], { second, desired }: GroupView): number {
    const last = samples.at(-1)
    if (!last) return desired
    const { targetBacklogPerInstance, stabilizationSeconds } = this.#options
    this.#wanted.push({ second, machines: Math.ceil(last.depth / targetBacklogPerInstance) })
    while ((this.#wanted[0]?.second ?? second) <= second - stabilizationSeconds) this.#wanted.shift()
    return within(this.#options, Math.max(...this.#wanted.map(({ machines }) => machines)))
  }
}
