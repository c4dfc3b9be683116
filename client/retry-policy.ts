import type { EdgebatchError } from './edgebatch-error.ts'

/** Answers that another try may better: the caller was throttled, or something on the way was not there. */
const RETRIED_STATUSES: readonly number[] = [408, 429, 502, 503, 504]

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** Who is told to stay away for longer than this is told so at once, rather than kept waiting. */
const LONGEST_RETRY_AFTER_MS = 60_000

/**
 * How long to pause before trying again, in ms; undefined if it is not worth it. `failures`: how often it has failed, from 1. `random`: 0 to 1;
 * clients that failed together come back apart, and none before Retry-After says.
 */
export function pauseBeforeRetry(
  error: EdgebatchError,
  failures: number,
  random: number,
): number | undefined {
  const { code, status, retryAfterSeconds } = error
  // 409: the first try of the same request is still being accepted.
  const retried =
    code === 'unreachable' || code === 'idempotency-conflict' || RETRIED_STATUSES.includes(status)
  if (!retried) return undefined
  if (retryAfterSeconds === undefined) {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1))
    return pause * (0.5 + random / 2)
  }
  const asked = retryAfterSeconds * 1000
  return asked > LONGEST_RETRY_AFTER_MS ? undefined : Math.round(asked * (1 + random / 10))
}
