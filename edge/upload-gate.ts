import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'

/** Between two looks of who is next, and by how much more for each who stands before. */
const PAUSE_MS = 5
const MAX_PAUSE_MS = 200
/** Who is so much later with a look is taken to have gone, until he looks. */
const LATE_MS = 500

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

interface Waiter {
  since: number
  /** By then there is another look, unless the caller has hung up: that ends his request without a word. */
  looksBy: number
}

/**
 * Bounds how many requests of an isolate work on something at once. The others wait in line, each by a timer of its own, since in a
 * Worker one request cannot wake another: as many as there are places look for a free one, those behind them only for how far the line has
 * moved. So nobody who has just come goes before one who has waited long, and a place is not left empty for longer than a look takes.
 */
export class UploadGate {
  readonly #limits: GateLimits
  readonly #clock: Clock
  readonly #random: () => number
  /** Since when each place has been held. */
  readonly #held = new Set<{ since: number }>()
  /** Who came first is first. */
  readonly #line = new Set<Waiter>()

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
    const since = this.#clock.now()
    const waiter: Waiter = { since, looksBy: Infinity }
    this.#line.add(waiter)
    try {
      for (;;) {
        const ahead = this.#ahead(waiter)
        if (ahead < this.#limits.places && this.#hasPlace()) break
        if (this.#clock.now() >= since + this.#limits.maxWaitMs)
          throw new ProblemError('edge-busy', 'Too many uploads at once. Nothing was stored.')
        // The farther behind the less often: looking costs little while hundreds wait.
        const pauseMs = Math.min(PAUSE_MS * (1 + ahead), MAX_PAUSE_MS) * (0.5 + this.#random())
        waiter.looksBy = this.#clock.now() + pauseMs + LATE_MS
        await this.#clock.sleep(pauseMs)
      }
    } finally {
      this.#line.delete(waiter)
    }
    const place = { since: this.#clock.now() }
    this.#held.add(place)
    return place
  }

  /** How many stand before this one; counted only as far as it matters. */
  #ahead(waiter: Waiter): number {
    const now = this.#clock.now()
    let ahead = 0
    for (const other of this.#line) {
      if (other === waiter || PAUSE_MS * ahead >= MAX_PAUSE_MS) break
      if (other.looksBy >= now) ahead++
      else if (other.since + this.#limits.maxWaitMs + LATE_MS < now) this.#line.delete(other)
    }
    return ahead
  }

  #hasPlace(): boolean {
    if (this.#held.size < this.#limits.places) return true
    const before = this.#clock.now() - this.#limits.placeMs
    for (const place of this.#held) if (place.since < before) this.#held.delete(place)
    return this.#held.size < this.#limits.places
  }
}
