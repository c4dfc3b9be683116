import { describe, expect, test } from 'vitest'
import type { EnqueueChecks } from '../../shared/job-queue.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'

const WINDOW_MS = 60_000

/** A key of this queue, as Redis holds it. */
async function storedKey(
  { redis, keys }: TestQueue,
  rate?: { limit: number },
): Promise<Required<EnqueueChecks>['key']> {
  const [id, stored] = ['abcdefghijkl', '{"id":"abcdefghijkl"}']
  await redis.hset(keys.apiKeys(), id, stored)
  return { id, stored, rate: rate && { ...rate, windowMs: WINDOW_MS } }
}

const leftKeys = async ({ redis, keys }: TestQueue) =>
  (await redis.keys(`${keys.prefix}*`)).filter((key) => key !== keys.apiKeys())

describe('an API key', () => {
  test('is held against what Redis knows of it at that moment', async () => {
    const queue = await testQueue()
    const key = await storedKey(queue)
    expect((await queue.producer.enqueue(newTestJob(), { key })).outcome).toBe('queued')
    await queue.redis.hset(queue.keys.apiKeys(), 'abcdefghijkl', '{"id":"abcdefghijkl","more":1}')
    expect(await queue.producer.enqueue(newTestJob(), { key })).toEqual({ outcome: 'key-changed' })
    await queue.redis.del(queue.keys.apiKeys())
    const job = newTestJob()
    expect(await queue.producer.enqueue(job, { key })).toEqual({ outcome: 'key-changed' })
    expect(await queue.producer.read(job.id)).toBeUndefined()
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(1)
  })

  test('has its rate, and what is left of it is told', async () => {
    const queue = await testQueue()
    const key = await storedKey(queue, { limit: 3 })
    const left = []
    for (let i = 0; i < 3; i++) {
      const result = await queue.producer.enqueue(newTestJob(), { key })
      expect(result.outcome).toBe('queued')
      left.push('rate' in result ? result.rate?.remaining : undefined)
    }
    expect(left).toEqual([2, 1, 0])
    const refused = await queue.producer.enqueue(newTestJob(), { key })
    expect(refused).toMatchObject({
      outcome: 'rate-limited',
      rate: { limit: 3, windowMs: WINDOW_MS, remaining: 0 },
    })
    const retryAfterMs = 'retryAfterMs' in refused ? refused.retryAfterMs : 0
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(WINDOW_MS / 3)
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(3)
    const ttl = await queue.redis.pttl(queue.keys.rate(key?.id ?? ''))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(WINDOW_MS)
  })

  test('is charged for what is accepted only, and once for a call that is repeated', async () => {
    const queue = await testQueue({ maxBacklog: 1 })
    const key = await storedKey(queue, { limit: 3 })
    const job = newTestJob()
    expect(await queue.producer.enqueue(job, { key })).toMatchObject({ rate: { remaining: 2 } })
    expect((await queue.producer.enqueue(job, { key })).outcome).toBe('exists')
    for (let i = 0; i < 9; i++)
      expect((await queue.producer.enqueue(newTestJob(), { key })).outcome).toBe('full')
    const [entry] = await queue.redis.xrange(queue.keys.queue(QUEUE), '-', '+')
    await queue.redis.xdel(queue.keys.queue(QUEUE), entry?.[0] ?? '')
    expect(await queue.producer.enqueue(newTestJob(), { key })).toMatchObject({ rate: { remaining: 1 } })
  })
})

test.each([
  [1_000_000, 1_000],
  [1_000_000, 86_400_000],
  [1, 86_400_000],
])('a rate of %d in %d ms is accepted whole, or not at all', async (limit, windowMs) => {
  const queue = await testQueue()
  const key = await storedKey(queue, { limit })
  const job = newTestJob()
  const result = await queue.producer.enqueue(job, { key: key && { ...key, rate: { limit, windowMs } } })
  expect(result).toMatchObject({ outcome: 'queued', rate: { remaining: limit - 1 } })
  expect(await queue.redis.exists(queue.keys.input(job.model, job.id))).toBe(1)
})

describe('the dead', () => {
  const expired = async ({ producer }: TestQueue, priority: 'high' | 'normal') => {
    const job = newTestJob({ priority, deadlineMs: 1 })
    await producer.enqueue(job)
    while ((await producer.read(job.id))?.status === 'queued');
  }

  test('of more urgent queues make room as well', async () => {
    const queue = await testQueue({ maxBacklog: 3 })
    for (let i = 0; i < 3; i++) await expired(queue, 'high')
    expect((await queue.producer.enqueue(newTestJob({ priority: 'low' }))).outcome).toBe('queued')
  })

  test('make room wherever they are among the oldest', async () => {
    const queue = await testQueue({ maxBacklog: 151 })
    for (let i = 0; i < 150; i++) await queue.producer.enqueue(newTestJob())
    await expired(queue, 'normal')
    expect((await queue.producer.enqueue(newTestJob())).outcome).toBe('queued')
    expect((await queue.producer.enqueue(newTestJob())).outcome).toBe('full')
  })
})

test('a full Redis takes no job, were there dead entries to drop or not, and can be looked at by who watches', async () => {
  const own = await ownRedis()
  const queue = await testQueue({ maxBacklog: 1 }, own.url)
  const dead = newTestJob({ deadlineMs: 1 })
  await queue.producer.enqueue(dead)
  while ((await queue.producer.read(dead.id))?.status === 'queued');
  const other = newTestJob({ priority: 'high' })
  await queue.producer.enqueue(other)
  await queue.redis.config('SET', 'maxmemory', '1')
  const job = newTestJob()
  await expect(queue.producer.enqueue(job)).rejects.toThrow('OOM')
  expect(await queue.producer.read(job.id)).toBeUndefined()
  expect((await queue.producer.look(other.id, { watch: true }))?.job.status).toBe('queued')
  expect(await queue.redis.hget(queue.keys.job(other.model, other.id), 'watched')).toBe('1')
})

test('what fails in the middle of being checked leaves nothing behind', async () => {
  const queue = await testQueue()
  await queue.redis.lpush(queue.keys.idempotency('d'), 'no string')
  const idempotency = { digest: 'd', fingerprint: 'f', ttlMs: 60_000 }
  const before = await leftKeys(queue)
  const job = newTestJob()
  await expect(queue.producer.enqueue(job, { idempotency })).rejects.toThrow('WRONGTYPE')
  expect((await leftKeys(queue)).sort()).toEqual(before.sort())
})

test('the set of webhooks that are due is not kept for ever', async () => {
  const queue = await testQueue({ deadlineMs: 5_000 })
  const webhook = { url: 'https://hooks.example', events: ['failed' as const], origin: 'https://edge' }
  await queue.producer.enqueue(newTestJob({ webhook }))
  const ttl = await queue.redis.pttl(queue.keys.webhooks())
  expect(ttl).toBeGreaterThan(86_400_000)
  expect(ttl).toBeLessThanOrEqual(5_000 + 2 * 86_400_000)
})

describe('an Idempotency-Key', () => {
  const idempotency = { digest: 'd', fingerprint: 'f', ttlMs: 60_000 }

  test('gives the same job to the same call, whatever has become of it', async () => {
    const { producer, consumer, redis, keys } = await testQueue()
    const first = newTestJob()
    await producer.enqueue(first, { idempotency })
    const again = newTestJob()
    expect(await producer.enqueue(again, { idempotency })).toMatchObject({
      outcome: 'replayed',
      job: { id: first.id, status: 'queued' },
    })
    expect(await producer.read(again.id)).toBeUndefined()
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(1)

    const pool = await consumer('a')
    const [claimed] = await pool.claim(1, 1_000)
    if (!claimed) throw new Error('nothing to claim')
    await pool.settle([{ job: claimed, result: { status: 'failed', code: 'inference-failed' } }])
    expect(await producer.enqueue(newTestJob(), { idempotency })).toMatchObject({
      outcome: 'replayed',
      job: { id: first.id, status: 'failed' },
    })
  })

  test('is refused for anything else', async () => {
    const { producer } = await testQueue()
    await producer.enqueue(newTestJob(), { idempotency })
    const job = newTestJob()
    const other = { ...idempotency, fingerprint: 'g' }
    expect(await producer.enqueue(job, { idempotency: other })).toEqual({ outcome: 'idempotency-mismatch' })
    expect(await producer.read(job.id)).toBeUndefined()
  })

  test('of many calls at once makes one job', async () => {
    const { producer, redis, keys } = await testQueue()
    const results = await Promise.all(
      Array.from({ length: 20 }, () => producer.enqueue(newTestJob(), { idempotency })),
    )
    const ids = new Set(results.map((result) => ('job' in result ? result.job.id : undefined)))
    expect(ids.size).toBe(1)
    expect(results.filter(({ outcome }) => outcome === 'queued')).toHaveLength(1)
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(1)
  })

  test('whose job is gone may be used again', async () => {
    const { producer, redis, keys } = await testQueue()
    const first = newTestJob()
    await producer.enqueue(first, { idempotency })
    await redis.del(keys.job(first.model, first.id))
    expect((await producer.enqueue(newTestJob(), { idempotency })).outcome).toBe('queued')
  })

  test('is not used up by a call that is refused', async () => {
    const queue = await testQueue({ maxBacklog: 1 })
    await queue.producer.enqueue(newTestJob())
    const before = await leftKeys(queue)
    expect((await queue.producer.enqueue(newTestJob(), { idempotency })).outcome).toBe('full')
    expect((await leftKeys(queue)).toSorted()).toEqual([...before, queue.keys.back(QUEUE)].toSorted())
  })

  test('is forgotten in time', async () => {
    const { producer, redis, keys } = await testQueue()
    await producer.enqueue(newTestJob(), { idempotency })
    const ttl = await redis.pttl(keys.idempotency('d'))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(60_000)
  })
})

describe('a deadline', () => {
  test('of the job itself counts instead of the queue’s', async () => {
    const { producer, redis, keys } = await testQueue({ deadlineMs: 60_000 })
    const job = newTestJob({ deadlineMs: 5_000 })
    const result = await producer.enqueue(job)
    const told = 'job' in result ? result.job : undefined
    expect(told && told.deadline - told.created_at).toBe(5_000)
    expect(await redis.pttl(keys.input(job.model, job.id))).toBeLessThanOrEqual(5_000)
    expect(await producer.read(job.id)).toMatchObject({ deadline: told?.deadline })
  })
})
