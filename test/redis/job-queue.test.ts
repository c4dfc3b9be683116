import type { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { TOMBSTONE_MS } from '../../shared/job-lifetime.ts'
import type { JobResult } from '../../shared/job-queue.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, testQueue } from '../support/queue.ts'
import { untilGone } from '../support/until-gone.ts'

const BLOCK_MS = 1_000

const predictions = [{ label: 'beagle', probability: 0.9, index: 162 }]
const success = {
  status: 'succeeded',
  modelVersion: '2',
  output: { kind: 'predictions', predictions },
  predictMs: 3,
  batchSize: 1,
} satisfies JobResult

describe('enqueue', () => {
  test('stores job, input and queue entry, each with a lifetime', async () => {
    const { producer, keys, redis } = await testQueue({ deadlineMs: 5_000, resultTtlMs: 7_000 })
    const job = newTestJob()
    expect(await producer.enqueue(job)).toMatchObject({ outcome: 'queued', position: 1 })

    const within = async (key: string, longest: number) => {
      const ttl = await redis.pttl(key)
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(longest)
    }
    await within(keys.input(MODEL, job.id), 5_000)
    await within(keys.job(MODEL, job.id), 13_000)
    await within(keys.queue(QUEUE), 24_000)
    expect(await redis.get(keys.input(MODEL, job.id))).toBe(job.payload)
    expect(await producer.read(job.id)).toMatchObject({
      id: job.id,
      model: MODEL,
      status: 'queued',
      attempt: 0,
    })
  })

  test('repeated for the same job, as retrying HTTP clients do, adds nothing', async () => {
    const { producer, keys, redis } = await testQueue()
    const job = newTestJob()
    await producer.enqueue(job)
    expect(await producer.enqueue(job)).toMatchObject({ outcome: 'exists', job: { id: job.id } })
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(1)
  })

  test('at the backlog limit refuses and writes only when to come back, but still knows what it accepted', async () => {
    const { producer, keys, redis } = await testQueue({ maxBacklog: 2 })
    const accepted = newTestJob()
    await producer.enqueue(accepted)
    await producer.enqueue(newTestJob())
    const refused = newTestJob()
    const before = await redis.keys(`${keys.prefix}*`)
    expect(await producer.enqueue(refused)).toMatchObject({ outcome: 'full', backlog: 2 })
    const after = await redis.keys(`${keys.prefix}*`)
    expect(after.toSorted()).toEqual([...before, keys.back(QUEUE)].toSorted())
    expect(await producer.read(refused.id)).toBeUndefined()
    expect(await producer.enqueue(accepted)).toMatchObject({ outcome: 'exists' })
  })

  test('a queue whose inputs would take more bytes than the limit refuses what adds to them', async () => {
    const payload = 'A'.repeat(1_000)
    const { producer, consumer } = await testQueue({ maxBacklogBytes: 2_500 })
    const enqueue = async (overrides = {}) =>
      (await producer.enqueue(newTestJob({ payload, ...overrides }))).outcome
    expect(await enqueue()).toBe('queued')
    expect(await enqueue()).toBe('queued')
    expect(await enqueue()).toBe('full')
    expect(await enqueue({ payload: 'A'.repeat(400) })).toBe('queued')
    expect(await enqueue({ priority: 'high' })).toBe('queued')
    const pool = await consumer('pool')
    const [first] = await pool.claim(1, 0)
    if (first) await pool.settle([{ job: first, result: { status: 'failed', code: 'inference-failed' } }])
    const [second] = await pool.claim(1, 0)
    if (second) await pool.settle([{ job: second, result: { status: 'failed', code: 'inference-failed' } }])
    expect(await enqueue()).toBe('queued')
  })

  test('bytes are counted to the last one', async () => {
    const { producer } = await testQueue({ maxBacklogBytes: 30 })
    const enqueue = async (bytes: number) =>
      (await producer.enqueue(newTestJob({ payload: 'A'.repeat(bytes) }))).outcome
    // 29 / 7 * 7 is more than 29.
    for (const bytes of [4, 4, 4, 4, 4, 4, 5]) expect(await enqueue(bytes)).toBe('queued')
    expect(await enqueue(2)).toBe('full')
    expect(await enqueue(1)).toBe('queued')
  })

  test('an input that is larger than the limit by itself is taken where nothing waits', async () => {
    const { producer } = await testQueue({ maxBacklogBytes: 10 })
    expect((await producer.enqueue(newTestJob())).outcome).toBe('queued')
    expect((await producer.enqueue(newTestJob())).outcome).toBe('full')
  })

  test('bytes are told by the entries that are there, wherever others have left from', async () => {
    const { producer, consumer, redis, keys } = await testQueue({ maxBacklogBytes: 5_000 })
    const enqueue = async () => (await producer.enqueue(newTestJob({ payload: 'A'.repeat(1_000) }))).outcome
    for (let i = 0; i < 5; i++) expect(await enqueue()).toBe('queued')
    const pool = await consumer('pool')
    const jobs = await pool.claim(5, 0)
    // The first stays; those behind it leave.
    const result = { status: 'failed', code: 'inference-failed' } as const
    await pool.settle(jobs.slice(1).map((job) => ({ job, result })))
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(1)
    for (let i = 0; i < 4; i++) expect(await enqueue()).toBe('queued')
    expect(await enqueue()).toBe('full')
  })

  test('a queue full of dead entries accepts again', async () => {
    const { producer, keys, redis } = await testQueue({ maxBacklog: 2 })
    await redis.xadd(keys.queue(QUEUE), '1-1', 'job', 'long dead')
    await redis.xadd(keys.queue(QUEUE), '1-2', 'job', 'long dead too')
    expect(await producer.enqueue(newTestJob())).toMatchObject({ outcome: 'queued', position: 1 })
  })

  test('an edge with shorter deadlines leaves the jobs of the others alone', async () => {
    const { producer, keys, redis } = await testQueue({ deadlineMs: 60_000, maxBacklog: 2 })
    const hasty = new RedisJobProducer(await tcp(), keys, { deadlineMs: 1, resultTtlMs: 1, maxBacklog: 2 })
    await producer.enqueue(newTestJob())
    await producer.enqueue(newTestJob())
    const ttl = await redis.pttl(keys.queue(QUEUE))
    expect((await hasty.enqueue(newTestJob())).outcome).toBe('full')
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(2)
    expect(await redis.pttl(keys.queue(QUEUE))).toBeGreaterThan(ttl / 2)
  })

  test('in-flight jobs count towards the backlog', async () => {
    const { producer, consumer } = await testQueue({ maxBacklog: 1 })
    const pool = await consumer('a')
    await producer.enqueue(newTestJob())
    await pool.claim(1, BLOCK_MS)
    expect((await producer.enqueue(newTestJob())).outcome).toBe('full')
  })
})

describe('claim', () => {
  test('hands over what was enqueued, in order, and shows the job as processing', async () => {
    const { producer, consumer } = await testQueue()
    const pool = await consumer('a')
    const jobs = [newTestJob(), newTestJob({ payload: Buffer.alloc(12, 9).toString('base64') })]
    for (const job of jobs) await producer.enqueue(job)

    const claimed = await pool.claim(32, BLOCK_MS)
    expect(claimed.map(({ id, attempt }) => ({ id, attempt }))).toEqual(
      jobs.map(({ id }) => ({ id, attempt: 1 })),
    )
    expect(claimed.map(({ payload }) => Buffer.from(payload ?? []).toString())).toEqual(
      jobs.map((job) => job.payload),
    )
    expect(claimed[0]?.input).toEqual({
      kind: 'tensor',
      dtype: 'uint8',
      shape: [2, 2, 3],
      encoding: 'base64',
    })
    expect(await producer.read(jobs[0]?.id ?? '')).toMatchObject({ status: 'processing', attempt: 1 })
  })

  test('tells by Redis’ clock when a job was accepted and when claimed, and where it stands in a trace', async () => {
    const { producer, consumer, redis } = await testQueue()
    const pool = await consumer('a')
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const now = async () => {
      const [seconds, microseconds] = await redis.time()
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    }
    const times = [await now()]
    await producer.enqueue(newTestJob({ traceparent }))
    await producer.enqueue(newTestJob())
    times.push(await now())
    const [traced, untraced] = await pool.claim(2, BLOCK_MS)
    times.push(await now())
    const { createdAt = 0, claimedAt = 0 } = traced ?? {}
    const inOrder = [times[0], createdAt, times[1], claimedAt, times[2]]
    expect(inOrder).toEqual(inOrder.toSorted((a = 0, b = 0) => a - b))
    expect(traced?.traceparent).toBe(traceparent)
    expect(untraced?.traceparent).toBeUndefined()
  })

  test('says of an encoded photo that it is one, and hands it over as it is', async () => {
    const { producer, consumer } = await testQueue()
    const pool = await consumer('a')
    const job = newTestJob({
      input: { kind: 'image', type: 'avif', encoding: 'base64' },
      payload: 'AAECAw==',
    })
    await producer.enqueue(job)
    const [claimed] = await pool.claim(1, BLOCK_MS)
    expect(claimed?.input).toEqual({ kind: 'image', type: 'avif', encoding: 'base64' })
    expect(Buffer.from(claimed?.payload ?? []).toString()).toBe('AAECAw==')
  })

  test.each([
    ['of another kind', { input: 'video' }],
    ['without a kind', { input: '' }],
    ['of a type that is not known', { input: 'image', image_type: 'xyz' }],
    ['with another encoding', { encoding: 'hex' }],
    ['with elements of another type', { dtype: 'float32' }],
  ])('an input %s is none, and its neighbour is handed over', async (_, fields) => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const [bad, good] = [newTestJob(), newTestJob()]
    await producer.enqueue(bad)
    await producer.enqueue(good)
    await redis.hset(keys.job(MODEL, bad.id), fields)
    const claimed = await pool.claim(2, BLOCK_MS)
    expect(claimed.map(({ id, input }) => [id, input?.kind])).toEqual([
      [bad.id, undefined],
      [good.id, 'tensor'],
    ])
  })

  test('a payload that is no string is missing, and its neighbour is handed over', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const [bad, good] = [newTestJob(), newTestJob()]
    await producer.enqueue(bad)
    await producer.enqueue(good)
    await redis.del(keys.input(MODEL, bad.id))
    await redis.hset(keys.input(MODEL, bad.id), 'x', 'y')
    const claimed = await pool.claim(2, BLOCK_MS)
    expect(claimed.map(({ id, payload }) => [id, payload !== undefined])).toEqual([
      [bad.id, false],
      [good.id, true],
    ])
  })

  test('takes at most as many as asked, and leaves the rest to others', async () => {
    const { producer, consumer } = await testQueue()
    const [a, b] = [await consumer('a'), await consumer('b')]
    for (let i = 0; i < 5; i++) await producer.enqueue(newTestJob())
    const first = await a.claim(3, BLOCK_MS)
    const second = await b.claim(3, BLOCK_MS)
    expect([first.length, second.length]).toEqual([3, 2])
    expect(new Set([...first, ...second].map(({ id }) => id)).size).toBe(5)
  })

  test('serves jobs that were accepted before any pool was there', async () => {
    const { producer, consumer } = await testQueue()
    const job = newTestJob()
    await producer.enqueue(job)
    const pool = await consumer('late')
    expect((await pool.claim(1, BLOCK_MS)).map(({ id }) => id)).toEqual([job.id])
  })

  test('drops a job that is past its deadline, and says so to its caller', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const job = newTestJob()
    await producer.enqueue(job)
    await redis.hset(keys.job(MODEL, job.id), 'deadline', 1)
    expect(await pool.claim(1, BLOCK_MS)).toEqual([])
    expect(await redis.hget(keys.job(MODEL, job.id), 'status')).toBe('expired')
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(0)
  })

  test('drops an entry whose job is gone', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const job = newTestJob()
    await producer.enqueue(job)
    await redis.del(keys.job(MODEL, job.id))
    expect(await pool.claim(1, BLOCK_MS)).toEqual([])
    expect(await redis.xpending(keys.queue(QUEUE), 'pool')).toMatchObject({ 0: 0 })
  })

  test.each([
    ['without a deadline', (redis: Redis, key: string) => redis.hdel(key, 'deadline')],
    ['with an attempt that is no number', (redis: Redis, key: string) => redis.hset(key, 'attempt', 'x')],
    ['with half an attempt', (redis: Redis, key: string) => redis.hset(key, 'attempt', '0.5')],
    ['with too many attempts', (redis: Redis, key: string) => redis.hset(key, 'attempt', '9'.repeat(19))],
    [
      'with a result TTL in another notation',
      (redis: Redis, key: string) => redis.hset(key, 'result_ttl', '1e3'),
    ],
    ['without an end', (redis: Redis, key: string) => redis.hset(key, 'deadline', 'inf')],
    ['that is no hash', async (redis: Redis, key: string) => redis.set(key, 'x')],
  ])('drops a job %s, and claims its neighbour', async (_, damage) => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const [bad, good] = [newTestJob(), newTestJob()]
    await producer.enqueue(bad)
    await producer.enqueue(good)
    await damage(redis, keys.job(MODEL, bad.id))
    expect((await pool.claim(2, BLOCK_MS)).map(({ id }) => id)).toEqual([good.id])
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(1)
  })

  test('takes an entry of one queue while it holds one of another with the same id', async () => {
    const { consumer, keys, redis } = await testQueue()
    const pool = (await consumer('a')).consumer
    for (const version of ['1', '2']) {
      const queue = { model: MODEL, version }
      const reader = await pool.open(queue)
      onTestFinished(() => reader.close())
      await redis.xadd(keys.queue(queue), '1-1', 'job', `of-${version}`, 'deadline', '1')
      expect((await reader.take(1, BLOCK_MS)).entries).toMatchObject([{ entry: '1-1', id: `of-${version}` }])
    }
  })

  test('a queue that was deleted under a pool is made anew', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    await redis.del(keys.queue(QUEUE))
    expect(await pool.claim(1, BLOCK_MS)).toEqual([])
    const job = newTestJob()
    await producer.enqueue(job)
    expect((await pool.claim(1, BLOCK_MS)).map(({ id }) => id)).toEqual([job.id])
  })

  test('waiting for jobs can be ended at once, without losing one', async () => {
    const { producer, consumer } = await testQueue()
    const pool = await consumer('a')
    const waiting = pool.claim(1, 3_600_000)
    await pool.endWaiting()
    expect(await waiting).toEqual([])
    const job = newTestJob()
    await producer.enqueue(job)
    expect((await pool.claim(1, BLOCK_MS)).map(({ id }) => id)).toEqual([job.id])
  })
})

describe('settle', () => {
  test('writes the result once, frees the input and empties the queue', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id }))
    const [job] = await pool.claim(1, BLOCK_MS)
    if (!job) throw new Error('nothing was claimed')

    expect(await pool.settle([{ job, result: success }])).toEqual(['succeeded'])
    expect(await pool.settle([{ job, result: { status: 'failed', code: 'inference-failed' } }])).toEqual([
      'succeeded',
    ])

    expect(await producer.read(id)).toMatchObject({
      status: 'succeeded',
      model_version: '2',
      predictions,
      batch_size: 1,
    })
    expect(await redis.exists(keys.input(MODEL, id))).toBe(0)
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(0)
    expect(await redis.xpending(keys.queue(QUEUE), 'pool')).toMatchObject({ 0: 0 })
  })

  test('keeps what had much time left no longer than its result, and the memory of it', async () => {
    const { producer, consumer, keys, redis } = await testQueue({ resultTtlMs: 60_000 })
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id, deadlineMs: 86_400_000 }))
    const [job] = await pool.claim(1, BLOCK_MS)
    if (job) await pool.settle([{ job, result: success }])
    expect(await redis.pttl(keys.job(MODEL, id))).toBeLessThanOrEqual(60_000 + TOMBSTONE_MS)
  })

  test('tells whoever watches, in one line of JSON, after the write', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id, watched: true }))
    const listener = redis.duplicate()
    await listener.subscribe(keys.done(MODEL, id))
    const heard = new Promise<string>((resolve) => listener.once('message', (_, message) => resolve(message)))
    const [job] = await pool.claim(1, BLOCK_MS)
    if (job) await pool.settle([{ job, result: success }])
    const message = await heard
    listener.disconnect()
    expect(message).not.toContain('\n')
    expect(JSON.parse(message)).toMatchObject({
      status: 'succeeded',
      predictions: JSON.stringify(predictions),
    })
  })

  test('refuses the late result of an earlier attempt', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id }))
    const [job] = await pool.claim(1, BLOCK_MS)
    await redis.hincrby(keys.job(MODEL, id), 'attempt', 1)
    if (job) expect(await pool.settle([{ job, result: success }])).toEqual(['stale'])
    expect(await producer.read(id)).toMatchObject({ status: 'processing', attempt: 2 })
  })

  test('after the deadline ends the job as expired, as readers were told', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id }))
    const [job] = await pool.claim(1, BLOCK_MS)
    await redis.hset(keys.job(MODEL, id), 'deadline', 1)
    expect(await producer.read(id)).toMatchObject({ status: 'expired' })
    if (job) expect(await pool.settle([{ job, result: success }])).toEqual(['expired'])
    const settled = await producer.read(id)
    expect(settled).toMatchObject({ status: 'expired', completed_at: 1 })
    expect(settled?.predictions).toBeUndefined()
  })

  test('of a job that is gone cleans up and says so', async () => {
    const { producer, consumer, keys, redis } = await testQueue()
    const pool = await consumer('a')
    const { id } = newTestJob()
    await producer.enqueue(newTestJob({ id }))
    const [job] = await pool.claim(1, BLOCK_MS)
    await redis.del(keys.job(MODEL, id))
    if (job) expect(await pool.settle([{ job, result: success }])).toEqual(['gone'])
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(0)
    expect(await redis.exists(keys.job(MODEL, id))).toBe(0)
  })
})

test('Redis itself frees the input at the deadline and the job after its result TTL, with no pool running', async () => {
  const { producer, keys, redis } = await testQueue({ deadlineMs: 200, resultTtlMs: 200 })
  const job = newTestJob()
  await producer.enqueue(job)
  expect((await redis.keys(`${keys.prefix}*`)).sort()).toEqual(
    [keys.input(MODEL, job.id), keys.job(MODEL, job.id), keys.queue(QUEUE)].sort(),
  )
  await untilGone(redis, keys.input(MODEL, job.id))
  await untilGone(redis, keys.job(MODEL, job.id))
  await untilGone(redis, keys.queue(QUEUE))
  expect(await redis.keys(`${keys.prefix}*`)).toEqual([])
})

test('a Redis that is full refuses new jobs whole, and lets those it has be claimed and settled', async () => {
  const { producer, consumer, keys, redis } = await testQueue({}, (await ownRedis()).url)
  const pool = await consumer('a')
  const accepted = newTestJob()
  await producer.enqueue(accepted)
  await redis.config('SET', 'maxmemory', '1')

  const before = (await redis.keys('*')).sort()
  await expect(producer.enqueue(newTestJob())).rejects.toThrow(/^OOM/)
  expect((await redis.keys('*')).sort()).toEqual(before)

  const [job] = await pool.claim(1, BLOCK_MS)
  if (!job) throw new Error('nothing was claimed')
  expect(await pool.settle([{ job, result: success }])).toEqual(['succeeded'])
  expect(await producer.read(accepted.id)).toMatchObject({ status: 'succeeded' })
  expect(await redis.exists(keys.input(MODEL, accepted.id))).toBe(0)
})

test('entries that Redis handed out and then refused to have claimed are claimed once it is willing', async () => {
  const { producer, consumer, redis } = await testQueue({}, (await ownRedis()).url)
  const pool = await consumer('a')
  const job = newTestJob()
  await producer.enqueue(job)
  await redis.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval')
  await expect(pool.claim(1, BLOCK_MS)).rejects.toThrow(/^NOPERM/)
  await redis.call('ACL', 'SETUSER', 'default', '+@all')
  expect((await pool.claim(1, BLOCK_MS)).map(({ id }) => id)).toEqual([job.id])
})

test('scripts work on a Redis that has forgotten them', async () => {
  const { producer, redis } = await testQueue({}, (await ownRedis()).url)
  await producer.enqueue(newTestJob())
  await redis.script('FLUSH')
  expect((await producer.enqueue(newTestJob())).outcome).toBe('queued')
})

async function tcp(): Promise<RedisTcp> {
  const redis = await RedisTcp.connect(inject('redisUrl'))
  onTestFinished(() => redis.close())
  return redis
}
