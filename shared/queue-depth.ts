import type { QueueName } from './job-queue.ts'
import type { SeenQueue } from './snapshot.ts'
import type { LivePool, RedisMemory } from './statistics.ts'

/**
 * A pool that is busy all the time counts for so many jobs, even where none waits at the moment that is looked at: a fast pool finds a
 * queue empty most of the time, however near its limit it is. So a depth by machine is also how busy each is, in percent, and who holds it
 * at 80 has machines that are busy to 80 percent. About as many jobs a pool holds when it works as fast as it can: three batches of 32.
 */
export const JOBS_OF_A_BUSY_POOL = 100

/** A version's queue with its jobs, waiting or in flight. */
export interface QueueLength extends QueueName {
  jobs: number
}

/** What machines are wanted for, in jobs. */
export interface QueueDepth {
  total: number
  /** Of all versions of a model together, by its name; of those that are known. */
  byModel: Record<string, number>
}

export interface QueueLengthReader {
  /** Of all versions that are known, without what nobody could serve any more. Throws RedisUnreachableError or RedisReplyError. */
  read(): Promise<QueueLengths>
}

export interface QueueLengths {
  /** Of Redis' clock, ms. */
  nowMs: number
  queues: SeenQueue[]
  pools: LivePool[]
  /** Null where Redis does not tell. */
  memory: RedisMemory | null
}

/**
 * The number that machines are scaled by: jobs that wait or are in flight, or, if that is more, what busy pools count for. It is 0 only once
 * no pool has settled a job for `keptWarmSeconds`: the next caller would wait for a machine to start. Where no version is known, the total is 1:
 * each job would be refused, so that none would ever start the pool that announces one.
 */
export function queueDepth(
  queues: readonly QueueLength[],
  pools: readonly LivePool[],
  keptWarmSeconds: number,
): QueueDepth {
  const depthOf = (some: readonly QueueLength[]) => {
    const ids = new Set(some.map(({ model, version }) => `${model}@${version}`))
    const serving = pools.filter(({ models }) => models.some((id) => ids.has(id)))
    const jobs = sum(some.map((queue) => queue.jobs))
    const busy = sum(serving.flatMap((pool) => [...ids].map((id) => pool.busy[id] ?? 0)))
    const warm = serving.some(({ idleMs }) => idleMs !== null && idleMs < keptWarmSeconds * 1000)
    return Math.max(jobs, Math.floor(JOBS_OF_A_BUSY_POOL * busy), warm ? 1 : 0)
  }
  const models = [...new Set(queues.map(({ model }) => model))].sort()
  const byModel = models.map((name) => [name, depthOf(queues.filter(({ model }) => model === name))])
  const total = queues.length === 0 ? 1 : depthOf(queues)
  return { total, byModel: Object.fromEntries(byModel) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
