import { publicHistory } from '../../shared/public-history.ts'
import { MINUTE_MS } from '../../shared/snapshot.ts'
import { assertAdministrator } from '../administrators.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { type SeenStatistics, snapshotOf, statsAnswer } from '../stats-answer.ts'

/**
 * GET /stats: what waits for each model version, which pools live and get on, how fast all is, and how full Redis is. GET /stats/history: the same of
 * the last hour, by the minute. For who runs the service.
 */
export function statsRoutes(app: EdgeApp, context: EdgeContext): void {
  const { deps, models } = context
  app.use('/stats/*', async (c, next) => {
    assertAdministrator(c.get('caller'), deps.allowAnonymous)
    c.header('cache-control', 'no-store')
    await next()
  })
  app.get('/stats', async (c) => {
    const listed = await models.list()
    const versions = listed.flatMap(({ versions }) => versions)
    const queues = versions.map(({ manifest: { name, version } }) => ({ model: name, version }))
    const seen = { models: listed, versions, statistics: await deps.statistics.read(queues) }
    await keepMinute(context, seen)
    return c.json(statsAnswer(seen, deps.keptWarmSeconds))
  })
  app.get('/stats/history', async (c) => c.json(publicHistory(await deps.history.read())))
  allowOnly(app, '/stats')
  allowOnly(app, '/stats/history')
}

/** Whoever looks first in a minute keeps what was seen. What was seen is the answer, whether it can be kept or not. */
async function keepMinute({ deps }: EdgeContext, seen: SeenStatistics): Promise<void> {
  const { nowMs, snapshots } = seen.statistics
  const last = snapshots.at(-1)
  if (last && Math.floor(last.at / MINUTE_MS) >= Math.floor(nowMs / MINUTE_MS)) return
  await deps.history.record(snapshotOf(seen)).catch(() => {})
}
