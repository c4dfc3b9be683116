import type { MiddlewareHandler } from 'hono'
import { ProblemError } from '../../shared/errors.ts'
import type { Callers } from '../callers.ts'
import type { EdgeEnvironment } from '../edge-context.ts'

/** Leaves who asks as `caller`, or answers 401 with the challenge that RFC 9110 asks for. */
export function authenticate(callers: Callers): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    try {
      c.set('caller', await callers.identify(c.req.header('authorization')))
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'unauthorized')
        c.header('www-authenticate', 'Bearer')
      throw error
    }
    await next()
  }
}
