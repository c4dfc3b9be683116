import type { Clock } from '../../shared/clock.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 60_000
/** A process that was ready for so long has shown that it can run: what ends it after that is a new trouble. */
const STABLE_MS = 60_000

/**
 * How long to wait before a crashed process is started again: twice as long each time, up to a minute. Random by half,
 * so that processes which fell together (Redis, the driver) do not come back together.
 */
export class RestartPauses {
  readonly #clock: Pick<Clock, 'now'>
  readonly #random: () => number
  #crashes = 0
  #readyAt: number | undefined

  /** `random`: from 0 to below 1. */
  constructor(clock: Pick<Clock, 'now'>, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  ready(): void {
    this.#readyAt = this.#clock.now()
  }

  /** To be asked once a crash. Milliseconds. */
  next(): number {
    const stable = this.#readyAt !== undefined && this.#clock.now() - this.#readyAt >= STABLE_MS
    this.#readyAt = undefined
    this.#crashes = stable ? 1 : this.#crashes + 1
    // The exponent is bounded, too: 2 ** 1100 is Infinity.
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#crashes - 1, 10))
    return longest * (0.5 + this.#random() / 2)
  }
}
