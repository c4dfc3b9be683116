import type { MiddlewareHandler } from 'hono'
import type { EdgeEnvironment } from '../edge-context.ts'

/**
 * Leaves as `origin` what addresses in answers and webhooks begin with: `publicOrigin`, or the scheme and host of the request. Behind a proxy
 * that ends TLS the latter says http, where callers said https.
 */
export function publicOrigin(publicOrigin: string | undefined): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    c.set('origin', publicOrigin ?? new URL(c.req.url).origin)
    await next()
  }
}
