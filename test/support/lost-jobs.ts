import type { QueueName } from '../../shared/job-queue.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { DEFAULT_RETRIES } from '../../shared/retry-policy.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import type { QueuePlace } from './announced-pools.ts'

/** As a pool that takes this many of a queue's waiting jobs, and loses them with their last attempt: dead letters. Gives their ids. */
export async function loseJobs(
  { url, keys }: QueuePlace,
  queue: QueueName,
  count: number,
): Promise<readonly string[]> {
  const tcp = await RedisTcp.connect(url)
  try {
    const identity = { poolId: 'dying', poolTtlMs: 60_000, manifestTtlMs: 60_000 }
    const consumer = new RedisJobConsumer(tcp, keys, {
      ...identity,
      retries: { ...DEFAULT_RETRIES, maxAttempts: 1 },
    })
    const reader = await consumer.open(queue)
    const { entries } = await reader.take(count, 0)
    const { jobs } = await consumer.claim(queue, entries)
    const claimed = jobs.flatMap((job) => job ?? [])
    const { dead } = await consumer.leases.retry(queue, claimed, 'instance-lost')
    reader.close()
    if (dead.length !== count) throw new Error(`${dead.length} of ${count} jobs have died`)
    return dead
  } finally {
    tcp.close()
  }
}
