const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1_000, 60_000, 3_600_000]

/** Pauses after the first failure, the second...; after one more failure it is given up. */
const PAUSES_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
]
/** Each pause is up to so much shorter or longer, so that what failed together does not come back together. */
const JITTER = 0.2
/** A receiver that asks for more is asked again after this. */
const MAX_RETRY_AFTER_MS = HOUR_MS

/**
 * Milliseconds until the next attempt, after so many; undefined: there is none. `random` is in [0, 1). `retryAfterMs`: the least that the
 * receiver has asked for.
 */
export function nextAttemptInMs(
  attempts: number,
  random: number,
  retryAfterMs: number | undefined,
): number | undefined {
  const pauseMs = PAUSES_MS[attempts - 1]
  if (pauseMs === undefined) return undefined
  const jittered = Math.round(pauseMs * (1 - JITTER + 2 * JITTER * random))
  return Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS))
}

/** `Retry-After` in ms from `nowMs` on: seconds, or a date. Undefined if it is neither. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs)
}
