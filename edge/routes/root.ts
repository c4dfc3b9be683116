import { accepts } from 'hono/accepts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { sendAsset } from '../send-asset.ts'

const LINKS = {
  docs: '/docs',
  openapi: '/openapi.json',
  models: '/models',
  health: '/health',
  ready: '/ready',
}

/** GET /: the playground for people, and where to go from here for programs. */
export function rootRoutes(app: EdgeApp, { deps }: EdgeContext): void {
  const page = deps.consoleAssets['/']
  const supports = ['application/json', ...(page ? ['text/html'] : [])]
  app.get('/', (c) => {
    c.header('vary', 'Accept', { append: true })
    const type = accepts(c, { header: 'Accept', supports, default: 'application/json' })
    return page && type === 'text/html' ? sendAsset(c, page) : c.json({ name: 'edgebatch', links: LINKS })
  })
  allowOnly(app, '/')
}
