import type { Clock } from '../../shared/clock.ts'
import type { JobLeases, QueueName, TakenOver } from '../../shared/job-queue.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import type { UntilGranted } from '../redis/until-granted.ts'

export interface LeaseKeeperDeps {
  leases: Pick<JobLeases, 'renew' | 'takeOver'>
  queue: QueueName
  /** Within this, what a pool that has died holds is taken over by another that has room for it. */
  leaseMs: number
  /** How many entries may be taken over now, of each queue. */
  room: () => number
  /** Resolves when there may be room again. */
  whenRoom: () => Promise<void>
  /** Also after `draining` has aborted, if Redis had been asked before. */
  takenOver: (taken: TakenOver) => void
  untilGranted: UntilGranted
  clock: Clock
  /** 0 to 1; Math.random but in tests. */
  random: () => number
}

/** Renewals come a quarter of a lease apart, or a little less, looks at others' twice as far; who has not renewed for half a lease has lost it. */
const RENEWALS = 4
const RENEWALS_PER_LOOK = 2
const JITTER = 0.1
/** Dead consumers are looked for once in so many looks. */
const LOOKS_PER_REMOVAL = 10

/** Keeps the leases of what this pool holds of one version, and takes over what others do not keep. */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps
  #looks = 0

  constructor(deps: LeaseKeeperDeps) {
    this.#deps = deps
  }

  /** Renews until `signal` aborts; takes over until `draining` does. */
  async run(signal: AbortSignal, draining: AbortSignal): Promise<void> {
    const { leases, queue, leaseMs, room, whenRoom, untilGranted, clock, random } = this.#deps
    let mayBeMore = false
    for (let i = 0; !signal.aborted; i++) {
      await untilGranted('renew', () => leases.renew(queue))
      const max = room()
      if (max > 0 && (mayBeMore || i % RENEWALS_PER_LOOK === 0))
        mayBeMore = await this.#takeOver(max, draining)
      const pause = new AbortController()
      const ended = AbortSignal.any([signal, pause.signal])
      if (mayBeMore && !draining.aborted) void whenRoom().then(() => pause.abort())
      await clock.sleep((leaseMs / RENEWALS) * (1 - JITTER * random()), ended)
    }
  }

  /** Whether there may be more than was taken. */
  async #takeOver(max: number, draining: AbortSignal): Promise<boolean> {
    const { leases, queue, leaseMs, takenOver, untilGranted } = this.#deps
    const removal = this.#looks++ % LOOKS_PER_REMOVAL === 0
    const options = {
      idleMs: Math.floor(leaseMs / 2),
      // More than a look's time, so that who looks as usual is in touch.
      silenceMs: Math.floor((leaseMs * 3) / 4),
      max,
      removeIdleMs: removal ? 2 * Math.max(leaseMs, LONGEST_WAIT_MS) : undefined,
    }
    const taken = await untilGranted('take over', async () =>
      draining.aborted ? undefined : leases.takeOver(queue, options),
    )
    if (!taken) return false
    const count = taken.entries.length + taken.lone.length + taken.dead.length
    if (count > 0) takenOver(taken)
    return count >= max
  }
}
