import type { QueueLength, QueueLengthReader } from './queue-depth.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { queueLengthsScript } from './scripts/queue-lengths.ts'
import { type LivePool, readPools } from './statistics.ts'

/** What whoever scales the pools asks of Redis, in one round trip. */
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
}

/** A hash as scripts return it: field, value, field, value. */
function pairs<T>(flat: readonly T[]): [T, T][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as T, flat[2 * i + 1] as T])
}
