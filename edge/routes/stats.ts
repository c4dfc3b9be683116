import { assertMaySee } from '../administrators.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { readStats } from '../read-stats.ts'

/** GET /stats: what waits for each model version, which pools live and get on, and how full Redis is. For who runs the service. */
export function statsRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/stats', async (c) => {
    assertMaySee(c.get('caller'), deps.allowAnonymous)
    const stats = await readStats(deps, models)
    c.header('cache-control', 'no-store')
    return c.json(stats)
  })
  allowOnly(app, '/stats')
}
