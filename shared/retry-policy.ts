/** When a job whose attempt came to nothing is run again; the retry and take-over scripts keep to it. */
export interface RetryPolicy {
  /** Attempts that may be lost; with the last of them the job has failed. */
  maxAttempts: number
  /** Before the second attempt, in ms; twice as long before each further one. */
  backoffMs: number
  longestBackoffMs: number
}

export const DEFAULT_RETRIES: RetryPolicy = { maxAttempts: 3, backoffMs: 500, longestBackoffMs: 30_000 }

/** As the scripts take it. `random`: 0 to 1, by which back-offs are spread. */
export function scriptPolicy(
  { maxAttempts, backoffMs, longestBackoffMs }: RetryPolicy,
  random: number,
): Record<string, number> {
  return {
    max_attempts: maxAttempts,
    backoff_ms: backoffMs,
    longest_backoff_ms: longestBackoffMs,
    random,
  }
}
