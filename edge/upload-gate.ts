import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'

/** A place whose holder has vanished (a caller who hangs up ends his request without a word) is free again after this. */
const FORGOTTEN_AFTER_MS = 10_000

const FIRST_PAUSE_MS = 5
const MAX_PAUSE_MS = 200

export interface GateLimits {
  /** Uploads that may be read, decoded and enqueued at the same time. */
  places: number
  /** How long an upload may wait for a place. */
  maxWaitMs: number
}

/**
 * Bounds how many uploads an isolate works on at once: the others wait with their bodies unread, so that a burst costs them
 * time and not the isolate its memory. Each waits by a timer of its own, since in a Worker one request cannot wake another.
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
    const before = this.#clock.now() - FORGOTTEN_AFTER_MS
    for (const place of this.#held) if (place.since < before) this.#held.delete(place)
  }
}
