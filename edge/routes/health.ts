import { ProblemError } from '../../shared/errors.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

const NONE_LIVES = 'No live worker pool serves a model. Jobs for known models are taken and wait.'
const ALL_STUCK =
  'All worker pools are stuck in a run of a model that does not end: they are to be replaced. Jobs are taken and wait.'

/**
 * GET /health: whether this edge runs; asks nobody. GET /ready: whether a photo would be served now, by what is remembered of pools for a
 * few seconds; so it costs Redis no more, however often it is asked.
 */
export function healthRoutes(app: EdgeApp, { models }: EdgeContext): void {
  app.get('/health', (c) => c.json({ status: 'ok' }))
  allowOnly(app, '/health')

  app.get('/ready', async (c) => {
    c.header('cache-control', 'no-store')
    const versions = (await models.list()).flatMap(({ versions }) => versions)
    if (versions.some(({ pools }) => pools.length > 0)) return c.json({ status: 'ready' })
    const isStuck = versions.some(({ stuckPools }) => stuckPools.length > 0)
    throw new ProblemError('no-pool', isStuck ? ALL_STUCK : NONE_LIVES)
  })
  allowOnly(app, '/ready')
}
