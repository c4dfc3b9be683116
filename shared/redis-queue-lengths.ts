import { MANIFEST_TTL_MS, MANIFEST_WITHOUT_POOLS_MS, POOL_TTL_MS } from './announcement.ts'
import type { QueueLength, QueueLengthReader } from './queue-depth.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { keepModelsScript } from './scripts/keep-models.ts'
import { queueLengthsScript } from './scripts/queue-lengths.ts'
import { type LivePool, readPools } from './statistics.ts'

/** What whoever scales the pools asks of Redis, and does there while there may be none. Each is one round trip. */
export class RedisQueueLengths implements QueueLengthReader {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async read(): Promise<{ queues: QueueLength[]; pools: LivePool[] }> {
    const keys = [this.#keys.models(), this.#keys.workers()]
    const reply = await this.#redis.run(queueLengthsScript, keys, [this.#keys.prefix, QUEUE_GROUP])
    const [nowMs, workers, lengths] = reply as [number, string[], (string | number)[]]
    const queues = pairs(lengths).map(([id, jobs]) => {
      const [model = '', version = ''] = String(id).split('@')
      return { model, version, jobs: Number(jobs) }
    })
    return { queues, pools: readPools(Object.fromEntries(pairs(workers)), nowMs) }
  }

  /** Keeps known what the last pools served. Returns how many versions were prolonged. */
  async keepModels(): Promise<number> {
    const args = [MANIFEST_TTL_MS, POOL_TTL_MS, MANIFEST_WITHOUT_POOLS_MS]
    return (await this.#redis.run(keepModelsScript, [this.#keys.models()], args)) as number
  }
}

/** A hash as scripts return it: field, value, field, value. */
function pairs<T>(flat: readonly T[]): [T, T][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as T, flat[2 * i + 1] as T])
}
