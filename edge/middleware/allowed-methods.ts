import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import type { EdgeApp, EdgeEnvironment } from '../edge-context.ts'

/** Adds `Allow` to answers to OPTIONS, by what is registered at the address. Those answers themselves come from `crossOrigin`. */
export function allowedMethods(app: EdgeApp): MiddlewareHandler<EdgeEnvironment> {
  return async (c, next) => {
    await next()
    if (c.req.method !== 'OPTIONS') return
    const methods = methodsAt(app, c)
    if (methods.length > 0) c.header('allow', methods.join(', '))
  }
}

/** GET brings HEAD with it, and every address takes OPTIONS; none at an address where there is nothing. */
export function methodsAt(app: EdgeApp, c: Context<EdgeEnvironment>): string[] {
  const paths = new Set(matchedRoutes(c).map(({ path }) => path))
  const methods = app.routes
    .filter(({ path, method }) => paths.has(path) && method !== 'ALL')
    .map(({ method }) => method)
  if (methods.length === 0) return []
  return [...new Set(methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))), 'OPTIONS']
}
