import type { Clock } from '../../shared/clock.ts'
import type { JobLeases, QueueName, TakenOver } from '../../shared/job-queue.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import type { UntilGranted } from '../redis/until-granted.ts'

export interface LeaseKeeperDeps {
  leases: Pick<JobLeases, 'renew' | 'takeOver'>
  queue: QueueName
  /** Within this, what a pool that has died holds is taken over by another. */
  leaseMs: number
  /** The most entries to take over at a time, of each queue. */
  max: number
  takenOver: (taken: TakenOver) => void
  untilGranted: UntilGranted
  clock: Clock
  /** 0 to 1; Math.random but in tests. */
  random: () => number
}

/** Renewals and looks come a quarter of a lease apart, or a little less: what has not been renewed for three quarters is nobody's. */
const PARTS = 4
const JITTER = 0.1
/** Dead consumers are looked for once in so many looks. */
const LOOKS_PER_REMOVAL = 20

/** Keeps the leases of what this pool holds of one version, and takes over what others do not keep. */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps
  }

  /** Renews until `signal` aborts; takes over until `draining` does. */
  async run(signal: AbortSignal, draining: AbortSignal): Promise<void> {
    const { leases, queue, leaseMs, untilGranted, clock, random } = this.#deps
    for (let look = 0; !signal.aborted; look++) {
      await untilGranted('renew', () => leases.renew(queue))
      if (!draining.aborted) await this.#takeOver(look % LOOKS_PER_REMOVAL === 0)
      await clock.sleep((leaseMs / PARTS) * (1 - JITTER * random()), signal)
    }
  }

  async #takeOver(removal: boolean): Promise<void> {
    const { leases, queue, leaseMs, max, takenOver, untilGranted } = this.#deps
    const options = {
      idleMs: Math.floor((leaseMs * (PARTS - 1)) / PARTS),
      silenceMs: Math.floor(leaseMs / 2),
      max,
      removeIdleMs: removal ? 2 * Math.max(leaseMs, LONGEST_WAIT_MS) : undefined,
    }
    const taken = await untilGranted('take over', () => leases.takeOver(queue, options))
    if (taken.entries.length + taken.lone.length + taken.dead.length > 0) takenOver(taken)
  }
}
