import pLimit, { type LimitFunction } from 'p-limit'

export interface TurnLimits {
  /** At the same time, of all hosts together, and of one. */
  running: number
  runningOfHost: number
  /** That wait here for their turn, of one host. */
  waitingOfHost: number
}

/** Lets webhooks be sent side by side, in turn for each host: one that is slow has only its own wait. */
export class ReceiverTurns {
  readonly #limits: TurnLimits
  readonly #all: LimitFunction
  readonly #hosts = new Map<string, LimitFunction>()

  constructor(limits: TurnLimits) {
    this.#limits = limits
    this.#all = pLimit(limits.running)
  }

  /** Runs `task` when it is its turn; undefined, and nothing is run, if too many wait for this host. */
  take(host: string, task: () => Promise<void>): Promise<void> | undefined {
    const turns = this.#hosts.get(host) ?? pLimit(this.#limits.runningOfHost)
    if (turns.pendingCount >= this.#limits.waitingOfHost) return undefined
    this.#hosts.set(host, turns)
    return turns(() => this.#all(task)).finally(() => {
      if (turns.activeCount + turns.pendingCount === 0) this.#hosts.delete(host)
    })
  }
}
