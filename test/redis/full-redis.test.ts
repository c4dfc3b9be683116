import { describe, expect, onTestFinished, test } from 'vitest'
import { newBatchId } from '../../shared/job-id.ts'
import type { EnqueueChecks } from '../../shared/job-queue.ts'
import { RedisBatches } from '../../shared/redis-batches.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'

interface Full extends TestQueue {
  batches: RedisBatches
  /** From now on Redis takes nothing that needs memory. */
  fill: () => Promise<unknown>
}

async function redisToFill(): Promise<Full> {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url)
  const tcp = await RedisTcp.connect(url)
  onTestFinished(() => tcp.close())
  return {
    ...queue,
    batches: new RedisBatches(tcp, queue.keys, 1_000),
    fill: () => queue.redis.config('SET', 'maxmemory', '1'),
  }
}

/** All that is there, byte for byte. */
async function contentOf({ redis }: TestQueue): Promise<Record<string, string | undefined>> {
  const keys = (await redis.keys('*')).sort()
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)))
  return Object.fromEntries(keys.map((key, i) => [key, dumps[i]?.toString('hex')]))
}

/** Refused, and nothing is other than before. */
async function expectRefusedWhole(queue: Full, call: () => Promise<unknown>): Promise<void> {
  await queue.fill()
  const before = await contentOf(queue)
  await expect(call()).rejects.toThrow(/^OOM/)
  expect(await contentOf(queue)).toEqual(before)
}

const cache = { digest: 'c', ttlMs: 60_000 }
const idempotency = { digest: 'i', fingerprint: 'f', ttlMs: 60_000 }
const webhook = { url: 'https://hooks.example', events: ['failed' as const], origin: 'https://edge' }

async function allChecks({ redis, keys }: TestQueue): Promise<EnqueueChecks> {
  const [id, stored] = ['abcdefghijkl', '{"id":"abcdefghijkl"}']
  await redis.hset(keys.apiKeys(), id, stored)
  return { key: { id, stored, rate: { limit: 9, windowMs: 60_000 } }, idempotency, cache }
}

describe('a Redis that is full refuses, and nothing is half written of', () => {
  test('a job with all that may come with one', async () => {
    const queue = await redisToFill()
    const checks = await allChecks(queue)
    await expectRefusedWhole(queue, () => queue.producer.enqueue(newTestJob({ webhook }), checks))
    await queue.redis.config('SET', 'maxmemory', '0')
    expect(await queue.producer.enqueue(newTestJob(), checks)).toMatchObject({
      outcome: 'queued',
      rate: { remaining: 8 },
    })
  })

  test('a job that would have followed another', async () => {
    const queue = await redisToFill()
    const checks = await allChecks(queue)
    const leader = newTestJob()
    await queue.producer.enqueue(leader, { cache })
    await expectRefusedWhole(queue, () => queue.producer.enqueue(newTestJob({ webhook }), checks))
    expect(await queue.redis.hget(queue.keys.job(MODEL, leader.id), 'followed')).toBeNull()
  })

  test('a job that would have had a result that is there', async () => {
    const queue = await redisToFill()
    const checks = await allChecks(queue)
    const pool = await queue.consumer('a')
    await queue.producer.enqueue(newTestJob(), { cache })
    const [job] = await pool.claim(1, 1_000)
    if (!job) throw new Error('nothing was claimed')
    const output = { kind: 'predictions' as const, predictions: [] }
    const result = { status: 'succeeded' as const, modelVersion: '1', output, predictMs: 1, batchSize: 1 }
    expect(await pool.settle([{ job, result }])).toEqual(['succeeded'])
    await expectRefusedWhole(queue, () => queue.producer.enqueue(newTestJob({ webhook }), checks))
  })

  test('a batch that begins, and its Idempotency-Key', async () => {
    const queue = await redisToFill()
    await expectRefusedWhole(queue, () => queue.batches.begin(newBatchId(MODEL), idempotency))
  })

  test('a batch that is to be written', async () => {
    const queue = await redisToFill()
    const id = newBatchId(MODEL)
    await queue.batches.begin(id, idempotency)
    const batch = { id, modelVersion: '1', owner: '', items: [{ id: newTestJob().id }] }
    await expectRefusedWhole(queue, () => queue.batches.write(batch, 60_000))
  })
})

describe('a Redis that is full lets go of', () => {
  test('a batch that was begun, and its Idempotency-Key', async () => {
    const queue = await redisToFill()
    const before = await contentOf(queue)
    const id = newBatchId(MODEL)
    await queue.batches.begin(id, idempotency)
    await queue.fill()
    await queue.batches.abandon(id, idempotency)
    expect(await contentOf(queue)).toEqual(before)
  })

  test('a job that is canceled, and has one that follows it run in its place', async () => {
    const queue = await redisToFill()
    const { producer, redis, keys } = queue
    const [leader, follower] = [newTestJob(), newTestJob({ webhook })]
    await producer.enqueue(leader, { cache })
    expect((await producer.enqueue(follower, { cache })).outcome).toBe('joined')
    await queue.fill()
    const job = await producer.read(leader.id)
    expect(job && (await producer.cancel(job))).toBe('canceled')
    expect(await redis.exists(keys.input(MODEL, leader.id))).toBe(0)

    const pool = await queue.consumer('a')
    expect(await pool.claim(2, 1_000)).toMatchObject([{ id: follower.id, payload: expect.any(Uint8Array) }])
  })

  test('a job that a pool gives back: another takes and ends it', async () => {
    const queue = await redisToFill()
    const { producer } = queue
    const job = newTestJob({ watched: true, webhook })
    await producer.enqueue(job)
    const pool = await queue.consumer('a')
    const claimed = await pool.claim(1, 1_000)
    await queue.fill()
    expect(await pool.release(claimed)).toEqual(['queued'])
    const other = await queue.consumer('b')
    const [again] = await other.claim(1, 1_000)
    if (!again) throw new Error('nothing was claimed')
    const result = { status: 'failed' as const, code: 'inference-failed' as const }
    expect(await other.settle([{ job: again, result }])).toEqual(['failed'])
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
    expect(await producer.read(job.id)).toMatchObject({ status: 'failed' })
  })
})
