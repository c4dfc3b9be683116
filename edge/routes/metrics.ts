import { assertMaySee } from '../administrators.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { PROMETHEUS_TEXT } from '../observe/prometheus-text.ts'
import { serviceMetrics } from '../observe/service-metrics.ts'
import { readStats } from '../read-stats.ts'

/** GET /metrics: what GET /stats tells, for Prometheus; and of an edge on Node what it has counted itself. */
export function metricsRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/metrics', async (c) => {
    assertMaySee(c.get('caller'), deps.allowAnonymous)
    const service = serviceMetrics(await readStats(deps, models), deps.maxBacklog)
    c.header('cache-control', 'no-store')
    c.header('content-type', PROMETHEUS_TEXT)
    return c.body(service + ((await deps.requests?.text()) ?? ''))
  })
  allowOnly(app, '/metrics')
}
