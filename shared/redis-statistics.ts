import type { QueueName } from './job-queue.ts'
import { PRIORITIES } from './priority.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { statisticsScript } from './scripts/statistics.ts'
import {
  type Backlog,
  type QueueState,
  type RedisMemory,
  readPools,
  type Statistics,
  type StatisticsReader,
} from './statistics.ts'

type Reply = [
  nowMs: number,
  workers: string[],
  usedBytes: number,
  maxBytes: number,
  ...queues: [length: number, oldestWaitingMs: number][],
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
    const keys = versions.flatMap((version) =>
      PRIORITIES.map((priority) => this.#keys.queue(version, priority)),
    )
    const reply = await this.#redis.run(statisticsScript, [this.#keys.workers(), ...keys], [QUEUE_GROUP])
    const [nowMs, workers, usedBytes, maxBytes, ...queues] = reply as Reply
    const pairs = workers.flatMap((id, i) => (i % 2 === 0 ? [[id, workers[i + 1] ?? '']] : []))
    return {
      queues: versions.map((_, i) =>
        queueState(queues.slice(i * PRIORITIES.length, (i + 1) * PRIORITIES.length)),
      ),
      pools: readPools(Object.fromEntries(pairs), nowMs),
      memory: memoryOf(usedBytes, maxBytes),
    }
  }
}

/** Of a version's queues, in the order of the priorities. */
function queueState(queues: readonly [length: number, oldestWaitingMs: number][]): QueueState {
  const backlog = PRIORITIES.map((priority, i) => [priority, queues[i]?.[0] ?? 0])
  const oldest = Math.max(...queues.map(([, ms]) => ms))
  return { backlog: Object.fromEntries(backlog) as Backlog, oldestWaitingMs: oldest < 0 ? null : oldest }
}

function memoryOf(used: number, max: number): RedisMemory | null {
  return used < 0 ? null : { used, max: max > 0 ? max : null }
}
