/** The soonest that one comes back, and the latest: by then its receiver may well have recovered. */
const LEAST_MS = 5_000
const MOST_MS = 300_000
/** Taken for the time of an attempt until one has ended. */
const ASSUMED_MS = 200
/** How much of the mean the newest attempt is. */
const NEWEST_SHARE = 0.25

/** Those that found no place, one behind the other: they come back about as fast as attempts end, not all at once to be put off again. */
export class PutOffQueue {
  readonly #sideBySide: number
  #attemptMs: number | undefined
  #endMs = 0

  /** `sideBySide`: how many attempts there may be at the same time. */
  constructor(sideBySide: number) {
    this.#sideBySide = sideBySide
  }

  /** An attempt has taken so long. */
  attempted(ms: number): void {
    this.#attemptMs =
      this.#attemptMs === undefined ? ms : this.#attemptMs + NEWEST_SHARE * (ms - this.#attemptMs)
  }

  /** In how many ms one more is to come back; `random` in [0, 1) keeps those apart for which the queue has become too long. */
  nextInMs(nowMs: number, random: number): number {
    const endMs = Math.max(this.#endMs, nowMs + LEAST_MS) + (this.#attemptMs ?? ASSUMED_MS) / this.#sideBySide
    if (endMs - nowMs > MOST_MS) return (MOST_MS * (1 + random)) / 2
    this.#endMs = endMs
    return endMs - nowMs
  }
}
