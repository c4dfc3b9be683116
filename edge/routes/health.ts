import { ProblemError } from '../../shared/errors.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

/**
 * GET /health: whether this edge runs; asks nobody. GET /ready: whether a photo would be served now, by what is remembered of pools for a
 * few seconds; so it costs Redis no more, however often it is asked.
 */
export function healthRoutes(app: EdgeApp, { models }: EdgeContext): void {
  app.get('/health', (c) => c.json({ status: 'ok' }))
  allowOnly(app, '/health')

  app.get('/ready', async (c) => {
    c.header('cache-control', 'no-store')
    const live = (await models.list()).some(({ versions }) => versions.some(({ pools }) => pools.length > 0))
    if (live) return c.json({ status: 'ready' })
    throw new ProblemError(
      'no-pool',
      'No live worker pool serves a model. Jobs for known models are taken and wait.',
    )
  })
  allowOnly(app, '/ready')
}
