import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'

/** Pauses after Redis has refused something (it is full, loading, or changing its primary) or cannot be reached: they double. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 4_000

/** Calls until Redis grants it. `call` must be safe to repeat. Never rejects. */
export type UntilGranted = <T>(what: string, call: () => Promise<T>) => Promise<T>

/** `random`: 0 to 1; by it each pause is up to a half shorter, so that pools do not ask together. */
export function createUntilGranted(
  clock: Clock,
  log: Logger,
  random: () => number = Math.random,
): UntilGranted {
  return async (what, call) => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await call()
      } catch (error) {
        log.error({ what, reason: error instanceof Error ? error.message : String(error) }, 'Redis refused')
        await clock.sleep(pauseMs * (1 - random() / 2))
      }
    }
  }
}
