import { publicHistory } from '../../shared/public-history.ts'
import { assertMaySee } from '../administrators.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { readStats } from '../read-stats.ts'

/**
 * GET /stats: what waits for each model version, which pools live and get on, how fast all is, and how full Redis is. GET /stats/history: the same of
 * the last hour, by the minute. For who runs the service.
 */
export function statsRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.use('/stats/*', async (c, next) => {
    assertMaySee(c.get('caller'), deps.allowAnonymous)
    c.header('cache-control', 'no-store')
    await next()
  })
  app.get('/stats', async (c) => c.json(await readStats(deps, models)))
  app.get('/stats/history', async (c) => c.json(publicHistory(await deps.history.read())))
  allowOnly(app, '/stats')
  allowOnly(app, '/stats/history')
}
