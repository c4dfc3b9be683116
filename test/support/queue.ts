import { Redis } from 'ioredis'
import { inject, onTestFinished } from 'vitest'
import { newJobId } from '../../shared/job-id.ts'
import type { ClaimedJob, HandedOut, JobResult, NewJob, QueueReader, Taken } from '../../shared/job-queue.ts'
import { type PoolIdentity, RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { type QueuePolicy, RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { PayloadReader } from '../../worker-pool/redis/payload-reader.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'

export const MODEL = 'test-model'
export const QUEUE = { model: MODEL, version: '1' }

export interface TestQueue {
  keys: RedisKeys
  producer: RedisJobProducer
  /** A consumer as pool `poolId`, on connections of its own. */
  consumer: (poolId: string, identity?: Partial<PoolIdentity>) => Promise<TestConsumer>
  /** For looking at what is really there. */
  redis: Redis
}

/**
 * A queue under a fresh key prefix of a Redis, by default the run's, where each side has its own rights; all is closed when the test ends.
 */
export async function testQueue(
  policy: Partial<QueuePolicy> = {},
  ownUrl?: string,
  identity: Partial<PoolIdentity> = {},
): Promise<TestQueue> {
  const { edge, pool } = ownUrl === undefined ? inject('redisUrls') : { edge: ownUrl, pool: ownUrl }
  const keys = new RedisKeys(`test:${crypto.randomUUID()}:`)
  const redis = new Redis(ownUrl ?? inject('redisUrl'), { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  const connect = async (url: string) => {
    const tcp = await RedisTcp.connect(url)
    onTestFinished(() => tcp.close())
    return tcp
  }
  const full = { maxBacklog: 100, deadlineMs: 60_000, resultTtlMs: 60_000, tombstoneMs: 1_000, ...policy }
  return {
    keys,
    redis,
    producer: new RedisJobProducer(await connect(edge), keys, full),
    consumer: async (poolId, further = {}) => {
      const own = { poolId, poolTtlMs: 60_000, manifestTtlMs: 60_000, ...identity, ...further }
      const consumer = new RedisJobConsumer(await connect(pool), keys, own)
      const reader = await consumer.open(QUEUE)
      const payloads = await PayloadReader.connect(pool)
      onTestFinished(() => {
        reader.close()
        payloads.close()
      })
      return new TestConsumer(consumer, reader, payloads)
    },
  }
}

/** A claimed job, and what is stored as its input. */
export type JobWithPayload = ClaimedJob & { payload: Uint8Array | undefined }

/** The pool's side of the queue, step after step: what is handed out is claimed, and its input read. */
export class TestConsumer {
  readonly consumer: RedisJobConsumer
  readonly #reader: QueueReader
  readonly #payloads: PayloadReader
  /** Handed out; a claim that Redis refuses is repeated with them. */
  #entries: HandedOut[] = []

  constructor(consumer: RedisJobConsumer, reader: QueueReader, payloads: PayloadReader) {
    this.consumer = consumer
    this.#reader = reader
    this.#payloads = payloads
  }

  async claim(max: number, blockMs: number, options?: { alone: boolean }): Promise<JobWithPayload[]> {
    if (this.#entries.length === 0) this.#entries = (await this.#reader.take(max, blockMs)).entries
    const entries = this.#entries
    const { jobs: claims } = await this.consumer.claim(QUEUE, entries, options)
    this.#entries = []
    const keys = entries.map(({ id }) => this.consumer.inputKey(QUEUE, id))
    const payloads = await this.#payloads.read(keys, Array(keys.length).fill(undefined))
    return claims.flatMap((job, i) => {
      const payload = payloads[i]
      return job ? [{ ...job, payload: payload?.kind === 'other' ? payload.bytes : undefined }] : []
    })
  }

  take(max: number, blockMs: number): Promise<Taken> {
    return this.#reader.take(max, blockMs)
  }

  settle(settlements: readonly { job: ClaimedJob; result: JobResult }[]) {
    return this.consumer.settle(QUEUE, settlements)
  }

  release(jobs: readonly ClaimedJob[]) {
    return this.consumer.release(QUEUE, jobs)
  }

  endWaiting() {
    return this.#reader.endWaiting()
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
    ...{ requestId: 'test', watched: true },
    ...overrides,
  }
}
