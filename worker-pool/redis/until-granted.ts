import type { Logger } from 'pino'
import type { Clock } from '../../shared/clock.ts'

/** Pause after Redis has refused something: it is full, loading, or changing its primary. */
const REFUSED_PAUSE_MS = 1_000

/** Calls until Redis grants it. `call` must be safe to repeat. Never rejects. */
export type UntilGranted = <T>(what: string, call: () => Promise<T>) => Promise<T>

export function createUntilGranted(clock: Clock, log: Logger): UntilGranted {
  return async (what, call) => {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        log.error({ what, reason: error instanceof Error ? error.message : String(error) }, 'Redis refused')
        await clock.sleep(REFUSED_PAUSE_MS)
      }
    }
  }
}
