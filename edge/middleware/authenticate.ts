import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../../shared/clock.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { Callers } from '../callers.ts'
import { drainBody } from '../drain-body.ts'
import type { EdgeEnvironment } from '../edge-context.ts'

/** How long an upload of somebody who is not known may take to arrive; a slower one may miss why it is refused. */
const REFUSED_BODY_MS = 10_000

/**
 * Leaves who asks as `caller`, or answers 401 with the challenge that RFC 9110 asks for. What a stranger uploads takes none of the
 * places of those who are known, and no memory.
 */
export function authenticate(callers: Callers, clock: Clock): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    try {
      c.set('caller', await callers.identify(c.req.header('authorization')))
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'unauthorized')
        c.header('www-authenticate', 'Bearer')
      await drainBody(c.req.raw, REFUSED_BODY_MS, clock)
      throw error
    }
    await next()
  }
}
