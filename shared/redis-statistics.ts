import type { QueueName } from './job-queue.ts'
import { PRIORITIES } from './priority.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { statisticsScript } from './scripts/statistics.ts'
import { decodeSnapshot } from './snapshot.ts'
import {
  type Backlog,
  type QueueState,
  readMemory,
  readPools,
  type Statistics,
  type StatisticsReader,
  type StoredMemory,
} from './statistics.ts'

type StoredQueue = [length: number, oldestWaitingMs: number, added: number]
type Reply = [
  nowMs: number,
  workers: string[],
  memory: StoredMemory,
  snapshots: string[],
  queues: StoredQueue[],
  dead: number[],
]

/** Reads what Redis holds of queues and pools, in one round trip. */
export class RedisStatistics implements StatisticsReader {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async read(versions: readonly QueueName[]): Promise<Statistics> {
    const models = [...new Set(versions.map(({ model }) => model))]
    const queueKeys = versions.flatMap((version) =>
      PRIORITIES.map((priority) => this.#keys.queue(version, priority)),
    )
    const reply = await this.#redis.run(
      statisticsScript,
      [
        this.#keys.workers(),
        this.#keys.history(),
        ...queueKeys,
        ...models.map((name) => this.#keys.dead(name)),
      ],
      [QUEUE_GROUP, queueKeys.length],
    )
    const [nowMs, workers, memory, snapshots, queues, dead] = reply as Reply
    const pairs = workers.flatMap((id, i) => (i % 2 === 0 ? [[id, workers[i + 1] ?? '']] : []))
    return {
      nowMs,
      queues: versions.map((_, i) =>
        queueState(queues.slice(i * PRIORITIES.length, (i + 1) * PRIORITIES.length)),
      ),
      pools: readPools(Object.fromEntries(pairs), nowMs),
      memory: readMemory(memory),
      deadLetters: Object.fromEntries(models.map((name, i) => [name, dead[i] ?? 0])),
      snapshots: snapshots.flatMap((text) => decodeSnapshot(text) ?? []).reverse(),
    }
  }
}

/** Of a version's queues, in the order of the priorities. */
function queueState(queues: readonly StoredQueue[]): QueueState {
  const backlog = PRIORITIES.map((priority, i) => [priority, queues[i]?.[0] ?? 0])
  const oldest = Math.max(...queues.map(([, ms]) => ms))
  const added = queues.map(([, , entries]) => entries)
  return {
    backlog: Object.fromEntries(backlog) as Backlog,
    oldestWaitingMs: oldest < 0 ? null : oldest,
    accepted: added.some((entries) => entries < 0) ? null : added.reduce((sum, entries) => sum + entries, 0),
  }
}
