import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../../shared/clock.ts'
import type { EdgeEnvironment } from '../edge-context.ts'
import { RequestTimings } from '../request-timings.ts'

/** Leaves `timings` for the handler to measure with, and tells the caller of them in `Server-Timing`. */
export function serverTiming(clock: Pick<Clock, 'now'>): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    const timings = new RequestTimings(() => clock.now())
    c.set('timings', timings)
    await next()
    const measured = timings.header()
    if (measured !== undefined) c.header('server-timing', measured)
  }
}
