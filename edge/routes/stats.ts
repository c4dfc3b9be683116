import type { Caller } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { queueDepth } from '../../shared/queue-depth.ts'
import type { Backlog, LivePool, QueueState } from '../../shared/statistics.ts'
import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

/** GET /stats: what waits for each model version, which pools live and get on, and how full Redis is. For who runs the service. */
export function statsRoutes(app: EdgeApp, { deps, models }: EdgeContext): void {
  app.get('/stats', async (c) => {
    assertMaySee(c.get('caller'), deps.allowAnonymous)
    const versions = (await models.list()).flatMap(({ versions }) => versions)
    const queues = versions.map(({ manifest: { name, version } }) => ({ model: name, version }))
    const { queues: states, pools, memory } = await deps.statistics.read(queues)
    const lengths = queues.map((queue, i) => ({ ...queue, jobs: jobsIn((states[i] as QueueState).backlog) }))
    const depth = queueDepth(lengths, pools, deps.keptWarmSeconds)
    c.header('cache-control', 'no-store')
    const answer: PublicStats = {
      models: queues.map(({ model, version }, i) => {
        const { backlog, oldestWaitingMs } = states[i] as QueueState
        return {
          ...{ name: model, version, backlog, oldest_waiting_seconds: seconds(oldestWaitingMs) },
          drain_rate: versions[i]?.drainRate ?? null,
          pools: pools.filter((pool) => pool.models.includes(`${model}@${version}`)).map(({ id }) => id),
        }
      }),
      queue_depth: { total: depth.total, by_model: depth.byModel },
      pools: pools.map(publicPool),
      redis: memory && { used_memory_bytes: memory.used, max_memory_bytes: memory.max },
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

function publicPool(pool: LivePool): PublicStats['pools'][number] {
  return {
    id: pool.id,
    models: pool.models,
    device: pool.device,
    in_flight: pool.inFlight,
    images_per_second: pool.imagesPerSecond,
    busy: pool.busy,
    started_at: isoTime(pool.startedAt),
    state: pool.state,
    running_for_seconds: seconds(pool.runningMs),
    last_settled_at: isoTime(pool.lastSettledAt),
  }
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

/** To a tenth. */
function seconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms / 100) / 10
}
