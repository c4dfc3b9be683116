import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { Clock } from '../../shared/clock.ts'
import type { EdgeEnvironment, ObservedRequest } from '../edge-context.ts'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'])

/** Tells of each request once it has an answer. Labels are few, whatever strangers ask for: addresses where there is nothing count as one. */
export function observeRequests(
  clock: Pick<Clock, 'now'>,
  observe: (request: ObservedRequest) => void,
): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    const begin = clock.now()
    await next()
    observe({
      // The last one that is no middleware: those are registered for more than one address.
      route: matchedRoutes(c).findLast(({ path }) => !path.includes('*'))?.path ?? 'none',
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      status: c.res.status,
      problem: c.get('problem'),
      ms: clock.now() - begin,
    })
  }
}
