import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'
import { DEFAULT_RETRIES } from '../../shared/retry-policy.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { redisUrlOf } from './redis-users.ts'
import { MODEL } from './stack.ts'

const QUEUE = { model: MODEL, version: '1' }

/** As a pool that takes this many of the stack's waiting jobs, and loses them with their last attempt: dead letters. Gives their ids. */
export async function loseJobs({ keys }: { keys: RedisKeys }, count: number): Promise<readonly string[]> {
  const tcp = await RedisTcp.connect(redisUrlOf('pool'))
  try {
    const identity = { poolId: 'dying', poolTtlMs: 60_000, manifestTtlMs: 60_000 }
    const consumer = new RedisJobConsumer(tcp, keys, {
      ...identity,
      retries: { ...DEFAULT_RETRIES, maxAttempts: 1 },
    })
    const reader = await consumer.open(QUEUE)
    const { entries } = await reader.take(count, 0)
    const { jobs } = await consumer.claim(QUEUE, entries)
    const claimed = jobs.flatMap((job) => job ?? [])
    const { dead } = await consumer.leases.retry(QUEUE, claimed, 'instance-lost')
    reader.close()
    if (dead.length !== count) throw new Error(`${dead.length} of ${count} jobs have died`)
    return dead
  } finally {
    tcp.close()
  }
}
