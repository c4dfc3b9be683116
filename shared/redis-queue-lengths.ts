import type { QueueLengthReader, QueueLengths } from './queue-depth.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { queueLengthsScript } from './scripts/queue-lengths.ts'
import { readMemory, readPools, type StoredMemory } from './statistics.ts'

type Reply = [nowMs: number, workers: string[], lengths: (string | number)[], memory: StoredMemory]

/** What whoever scales the pools asks of Redis, in one round trip. */
export class RedisQueueLengths implements QueueLengthReader {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async read(): Promise<QueueLengths> {
    const keys = [this.#keys.models(), this.#keys.workers()]
    const reply = await this.#redis.run(queueLengthsScript, keys, [this.#keys.prefix, QUEUE_GROUP])
    const [nowMs, workers, lengths, memory] = reply as Reply
    const queues = Array.from({ length: lengths.length / 3 }, (_, i) => {
      const [id, jobs, added] = lengths.slice(3 * i, 3 * i + 3)
      const [model = '', version = ''] = String(id).split('@')
      return { model, version, jobs: Number(jobs), accepted: Number(added) < 0 ? null : Number(added) }
    })
    const pools = readPools(Object.fromEntries(pairs(workers)), nowMs)
    return { nowMs, queues, pools, memory: readMemory(memory) }
  }
}

/** A hash as scripts return it: field, value, field, value. */
function pairs<T>(flat: readonly T[]): [T, T][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as T, flat[2 * i + 1] as T])
}
