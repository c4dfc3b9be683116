import type { PublicStats } from '../shared/public-stats.ts'
import { queueDepth } from '../shared/queue-depth.ts'
import type { Backlog, LivePool, QueueState } from '../shared/statistics.ts'
import type { EdgeDeps } from './edge-context.ts'
import type { ModelDirectory } from './model-directory.ts'

/** What waits for each model version, which pools live and get on, and how full Redis is. Throws as Redis' callers do. */
export async function readStats(
  deps: Pick<EdgeDeps, 'statistics' | 'keptWarmSeconds'>,
  models: Pick<ModelDirectory, 'list'>,
): Promise<PublicStats> {
  const versions = (await models.list()).flatMap(({ versions }) => versions)
  const queues = versions.map(({ manifest: { name, version } }) => ({ model: name, version }))
  const { queues: states, pools, memory } = await deps.statistics.read(queues)
  const lengths = queues.map((queue, i) => ({ ...queue, jobs: jobsIn((states[i] as QueueState).backlog) }))
  const depth = queueDepth(lengths, pools, deps.keptWarmSeconds)
  return {
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
