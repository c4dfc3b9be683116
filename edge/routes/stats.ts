import type { Caller } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { queueDepth } from '../../shared/queue-depth.ts'
import type { Backlog, LivePool } from '../../shared/statistics.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

/** GET /stats: what waits for each model version, and which pools live. For who runs the service. */
export function statsRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/stats', async (c) => {
    assertMaySee(c.get('caller'), deps.allowAnonymous)
    const versions = (await models.list()).flatMap(({ versions }) => versions)
    const queues = versions.map(({ manifest: { name, version } }) => ({ model: name, version }))
    const { backlogs, pools } = await deps.statistics.read(queues)
    const lengths = queues.map((queue, i) => ({ ...queue, jobs: jobsIn(backlogs[i] as Backlog) }))
    const depth = queueDepth(lengths, pools, deps.keptWarmSeconds)
    c.header('cache-control', 'no-store')
    const answer: PublicStats = {
      models: queues.map(({ model, version }, i) => ({
        name: model,
        version,
        backlog: backlogs[i] as Backlog,
        drain_rate: versions[i]?.drainRate ?? null,
        pools: pools.filter((pool) => pool.models.includes(`${model}@${version}`)).map(({ id }) => id),
      })),
      queue_depth: { total: depth.total, by_model: depth.byModel },
      pools: pools.map(publicPool),
    }
    return c.json(answer)
  })
  allowOnly(app, '/stats')
}

/** Where everybody is served without a key, there is nobody else who could be told. */
function assertMaySee(caller: Caller, allowAnonymous: boolean): void {
  if (allowAnonymous || (caller.kind === 'key' && caller.record.admin)) return
  throw new ProblemError(
    'forbidden',
    'This takes an API key of an administrator: npx edgebatch keys create --admin',
  )
}

function jobsIn(backlog: Backlog): number {
  return Object.values(backlog).reduce((sum, jobs) => sum + jobs)
}

function publicPool({
  id,
  models,
  device,
  inFlight,
  imagesPerSecond,
  busy,
  idleSeconds,
  startedAt,
}: LivePool): PublicStats['pools'][number] {
  return {
    id,
    models,
    device,
    in_flight: inFlight,
    images_per_second: imagesPerSecond,
    busy,
    idle_seconds: idleSeconds,
    started_at: startedAt === null ? null : new Date(startedAt).toISOString(),
  }
}
