import type { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisStatistics } from '../../shared/redis-statistics.ts'
import type { LivePool } from '../../shared/statistics.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { readKnownModels, scriptsOver } from '../redis/redis-scripts.ts'
import type { PoolState, ServiceState } from './service-state.ts'

/** The same as an edge tells, read where it reads it. Throws UserError. */
export async function readRedisState(redis: RedisCommander, keys: RedisKeys): Promise<ServiceState> {
  const scripts = scriptsOver(redis)
  const known = await readKnownModels(scripts, keys)
  const queues = known.map(({ manifest: { name, version } }) => ({ model: name, version }))
  const { queues: states, pools, memory } = await new RedisStatistics(scripts, keys).read(queues)
  return {
    models: queues.flatMap(({ model, version }, i) => {
      const state = states[i]
      if (!state) return []
      const id = `${model}@${version}`
      return {
        ...{ name: model, version, backlog: state.backlog, drain_rate: known[i]?.drainRate ?? null },
        oldest_waiting_seconds: seconds(state.oldestWaitingMs),
        pools: pools.filter(({ models }) => models.includes(id)).map((pool) => pool.id),
      }
    }),
    pools: pools.map(poolState),
    redis: memory && { used_memory_bytes: memory.used, max_memory_bytes: memory.max },
  }
}

function poolState(pool: LivePool): PoolState {
  const { id, models, device, busy, state } = pool
  return {
    ...{ id, models, device, busy, state, in_flight: pool.inFlight, images_per_second: pool.imagesPerSecond },
    started_at: isoTime(pool.startedAt),
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
