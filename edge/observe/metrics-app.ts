import { Hono } from 'hono'
import type { EdgeDeps } from '../edge-context.ts'
import { ModelDirectory } from '../model-directory.ts'
import { asProblem } from '../problem.ts'
import { readStats } from '../read-stats.ts'
import { PROMETHEUS_TEXT } from './prometheus-text.ts'
import { metricsWithoutRedis, serviceMetrics } from './service-metrics.ts'

/**
 * /metrics on a port of its own, which only Prometheus is to reach: it asks for no API key, and hence tells what this process has counted
 * while Redis is away, too.
 */
export function createMetricsApp(deps: EdgeDeps): Hono {
  const models = new ModelDirectory(deps.queue, deps.clock, deps.defaultModel)
  const service = async () => {
    try {
      return serviceMetrics(await readStats(deps, models), deps.maxBacklog)
    } catch (error) {
      if (asProblem(error).code !== 'queue-unavailable') throw error
      return metricsWithoutRedis()
    }
  }
  const app = new Hono()
  app.get('/metrics', async (c) => {
    const text = (await service()) + ((await deps.requests?.text()) ?? '')
    return c.body(text, 200, { 'content-type': PROMETHEUS_TEXT, 'cache-control': 'no-store' })
  })
  app.notFound((c) => c.text('there is /metrics\n', 404))
  app.onError((error, c) => {
    deps.logFailure({
      requestId: 'metrics',
      code: asProblem(error).code,
      reason: `${error.name}: ${error.message}`,
    })
    return c.text('the metrics could not be read\n', 500)
  })
  return app
}
