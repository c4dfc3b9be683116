import type { Clock } from '../shared/clock.ts'
import { LATEST_RETURN_MS, RETURN_SHARE } from '../shared/coming-back.ts'
import { ProblemError } from '../shared/errors.ts'
import { retryAfterRefused } from './outlook.ts'

/** Weight of the newest. */
const ALPHA = 0.1
/** Between two uploads at most: what is longer says that there were none. */
const LONGEST_MS = 1_000
/** The first of those who are refused comes back after this: the line has moved by then. */
const FIRST_MS = 1_000

/** How fast an isolate works uploads off, and so when those are to come back whom it refuses. */
export class UploadPace {
  readonly #clock: Clock
  #lastDone: number | undefined
  #everyMs: number | undefined
  #lastReturn = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** An upload is through, whatever became of it. */
  done(): void {
    const now = this.#clock.now()
    if (this.#lastDone !== undefined) {
      const tookMs = Math.min(now - this.#lastDone, LONGEST_MS)
      const mean = this.#everyMs ?? tookMs
      this.#everyMs = mean + ALPHA * (tookMs - mean)
    }
    this.#lastDone = now
  }

  /** The refusal `edge-busy` with a time to come back of this caller's own. */
  refused({ code, detail }: ProblemError): ProblemError {
    const now = this.#clock.now()
    const everyMs = (this.#everyMs ?? LONGEST_MS) / RETURN_SHARE
    const inMs = Math.max(FIRST_MS, this.#lastReturn + everyMs - now)
    this.#lastReturn = now + Math.min(inMs, LATEST_RETURN_MS)
    const retryAfter = retryAfterRefused(this.#lastReturn - now)
    return new ProblemError(code, detail, { headers: { 'retry-after': String(retryAfter) } })
  }
}
