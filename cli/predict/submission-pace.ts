import type { Clock } from '../../shared/clock.ts'

/** A day: timers of far more are over at once. */
const LONGEST_PAUSE_MS = 86_400_000

/** Keeps to the rate of an API key: once that is used up, one photo is sent each time the rate gives one back, rather than to be refused. */
export class SubmissionPace {
  readonly #clock: Clock
  /** When the next may be sent. */
  #next = 0
  /** Between two, while the rate is used up; 0 while it is not. */
  #everyMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the next photo may be sent. Throws the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted()
      const waitMs = this.#next - this.#clock.now()
      if (waitMs <= 0) break
      await this.#clock.sleep(waitMs, signal)
    }
    if (this.#everyMs > 0) this.#next = this.#clock.now() + this.#everyMs
  }

  /** `RateLimit` and `RateLimit-Policy` of an answer; without them, nothing is known. */
  told(headers: Headers): void {
    const remaining = parameter(headers.get('ratelimit'), 'r')
    const quota = parameter(headers.get('ratelimit-policy'), 'q')
    const windowSeconds = parameter(headers.get('ratelimit-policy'), 'w')
    if (remaining === undefined || !quota || !windowSeconds) return
    this.#everyMs = remaining > 0 ? 0 : Math.min(LONGEST_PAUSE_MS, (1000 * windowSeconds) / quota)
    if (remaining === 0) this.#next = Math.max(this.#next, this.#clock.now() + this.#everyMs)
  }
}

/** `"default";q=100;w=60` */
function parameter(header: string | null, name: string): number | undefined {
  const value = new RegExp(`;\\s*${name}=(\\d+)`).exec(header ?? '')?.[1]
  return value === undefined ? undefined : Number(value)
}
