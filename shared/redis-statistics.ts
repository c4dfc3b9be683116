import type { QueueName } from './job-queue.ts'
import { PRIORITIES } from './priority.ts'
import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { statisticsScript } from './scripts/statistics.ts'
import { type Backlog, type LivePool, readPools, type StatisticsReader } from './statistics.ts'

/** Reads what Redis holds of queues and pools, in one round trip. */
export class RedisStatistics implements StatisticsReader {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async read(versions: readonly QueueName[]): Promise<{ backlogs: Backlog[]; pools: LivePool[] }> {
    const queues = versions.flatMap((version) =>
      PRIORITIES.map((priority) => this.#keys.queue(version, priority)),
    )
    const reply = await this.#redis.run(statisticsScript, [this.#keys.workers(), ...queues], [])
    const [nowMs, workers, ...lengths] = reply as [number, string[], ...number[]]
    const backlogs = versions.map((_, i) => {
      const own = PRIORITIES.map((priority, j) => [priority, lengths[i * PRIORITIES.length + j] ?? 0])
      return Object.fromEntries(own) as Backlog
    })
    const pairs = workers.flatMap((id, i) => (i % 2 === 0 ? [[id, workers[i + 1] ?? '']] : []))
    return { backlogs, pools: readPools(Object.fromEntries(pairs), nowMs) }
  }
}
