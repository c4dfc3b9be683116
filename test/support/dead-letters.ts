import { onTestFinished } from 'vitest'
import type { NewJob } from '../../shared/job-queue.ts'
import { RedisDeadLetters } from '../../shared/redis-dead-letters.ts'
import { DEFAULT_RETRIES } from '../../shared/retry-policy.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { newTestJob, QUEUE, type TestConsumer, type TestQueue, testQueue } from './queue.ts'
import { redisUrlOf } from './redis-users.ts'

/** A queue whose jobs die with the first attempt that is lost, and what is left of them. */
export interface DyingQueue extends TestQueue {
  letters: RedisDeadLetters
  tcp: RedisTcp
  pool: TestConsumer
  /** A job that has lost its only attempt. `input`: its bytes, if not those of the job's payload. */
  die: (overrides?: Partial<NewJob>, input?: Uint8Array) => Promise<NewJob>
}

/** Of the run's Redis by default, where each part has its own rights. */
export async function dyingQueue(ownUrl?: string): Promise<DyingQueue> {
  const queue = await testQueue({}, ownUrl, { retries: { ...DEFAULT_RETRIES, maxAttempts: 1 } })
  const tcp = await RedisTcp.connect(ownUrl ?? redisUrlOf('admin'))
  onTestFinished(() => tcp.close())
  const pool = await queue.consumer('dying')
  return {
    ...queue,
    ...{ tcp, pool, letters: new RedisDeadLetters(tcp, queue.keys) },
    die: async (overrides, input) => {
      const job = newTestJob(overrides)
      await queue.producer.enqueue(job)
      if (input) await queue.redis.set(queue.keys.input(job.model, job.id), Buffer.from(input), 'KEEPTTL')
      const claimed = await pool.claim(1, 0)
      const { dead } = await pool.consumer.leases.retry(QUEUE, claimed, 'instance-lost')
      if (dead[0] !== job.id) throw new Error('the job has not died')
      return job
    },
  }
}

/** All that Redis holds under the queue's prefix, to be compared. */
export async function everythingIn({ redis, keys }: TestQueue): Promise<Record<string, string>> {
  const names = (await redis.keys(`${keys.prefix}*`)).sort()
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)))
  return Object.fromEntries(names.map((name, i) => [name, dumps[i]?.toString('hex') ?? '']))
}
