import { Redis } from 'ioredis'
import { inject, onTestFinished } from 'vitest'
import { newJobId } from '../../shared/job-id.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { type QueuePolicy, RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisTcp } from '../../worker-pool/redis-tcp.ts'

export const MODEL = 'test-model'

export interface TestQueue {
  keys: RedisKeys
  producer: RedisJobProducer
  /** A consumer as pool `poolId`, on connections of its own. */
  consumer: (poolId: string) => Promise<RedisJobConsumer>
  /** For looking at what is really there. */
  redis: Redis
}

/** A queue under a fresh key prefix of a Redis, by default the run's; all is closed when the test ends. */
export async function testQueue(
  policy: Partial<QueuePolicy> = {},
  url: string = inject('redisUrl'),
): Promise<TestQueue> {
  const keys = new RedisKeys(`test:${crypto.randomUUID()}:`)
  const redis = new Redis(url, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  const connect = async () => {
    const tcp = await RedisTcp.connect(url)
    onTestFinished(() => tcp.close())
    return tcp
  }
  const full = { maxBacklog: 100, deadlineMs: 60_000, resultTtlMs: 60_000, ...policy }
  return {
    keys,
    redis,
    producer: new RedisJobProducer(await connect(), keys, full),
    consumer: async (poolId) => {
      const consumer = new RedisJobConsumer(await connect(), keys, { poolId, manifestTtlMs: 60_000 })
      await consumer.join(MODEL)
      return consumer
    },
  }
}

/** A job with a 2 x 2 RGB tensor. */
export function newTestJob(overrides: Partial<NewJob> = {}): NewJob {
  return {
    id: newJobId(MODEL),
    model: MODEL,
    modelVersion: '1',
    input: { kind: 'tensor', dtype: 'uint8', shape: [2, 2, 3], encoding: 'base64' },
    payload: Buffer.alloc(12, 7).toString('base64'),
    requestId: 'test',
    ...overrides,
  }
}
