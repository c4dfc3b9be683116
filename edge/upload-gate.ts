import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'

const FIRST_PAUSE_MS = 5
const MAX_PAUSE_MS = 200

export interface GateLimits {
  /** How many may work at the same time. */
  places: number
  /**
   * A place counts no longer after this: its holder may have vanished (a caller who hangs up ends his request without a
   * word), or be too slow to keep others waiting.
   */
  placeMs: number
  /** How long one may wait for a place. */
  maxWaitMs: number
}

/**
 * Bounds how many requests of an isolate work on something at once. The others wait, each by a timer of its own, since in a
 * Worker one request cannot wake another.
 */
export class UploadGate {
  readonly #limits: GateLimits
  readonly #clock: Clock
  readonly #random: () => number
  /** Since when each place has been held. */
  readonly #held = new Set<{ since: number }>()

  constructor(limits: GateLimits, clock: Clock, random: () => number) {
    this.#limits = limits
    this.#clock = clock
    this.#random = random
  }

  /** Runs `work` in a place of its own. Throws ProblemError if none becomes free in time. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const place = await this.#enter()
    try {
      return await work()
    } finally {
      this.#held.delete(place)
    }
  }

  async #enter(): Promise<{ since: number }> {
    const end = this.#clock.now() + this.#limits.maxWaitMs
    let pauseMs = FIRST_PAUSE_MS
    while (this.#held.size >= this.#limits.places) {
      this.#freeForgotten()
      if (this.#held.size < this.#limits.places) break
      if (this.#clock.now() >= end)
        throw new ProblemError('edge-busy', 'Too many uploads at once. Nothing was stored.')
      // Growing pauses keep the cost of looking small while hundreds wait.
      await this.#clock.sleep(pauseMs * (0.5 + this.#random()))
      pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS)
    }
    const place = { since: this.#clock.now() }
    this.#held.add(place)
    return place
  }

  #freeForgotten(): void {
    const before = this.#clock.now() - this.#limits.placeMs
    for (const place of this.#held) if (place.since < before) this.#held.delete(place)
  }
}
