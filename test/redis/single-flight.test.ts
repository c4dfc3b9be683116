import { expect, test } from 'vitest'
import type { JobResult, NewJob } from '../../shared/job-queue.ts'
import { MODEL, newTestJob, QUEUE, type TestConsumer, type TestQueue, testQueue } from '../support/queue.ts'

const cache = { digest: 'same-input', ttlMs: 60_000 }
const predictions = [{ label: 'beagle', probability: 0.9, index: 162 }]
const success = {
  status: 'succeeded',
  modelVersion: '1',
  output: { kind: 'predictions', predictions },
  predictMs: 3,
  batchSize: 4,
} satisfies JobResult

async function settleNext(pool: TestConsumer, result: JobResult = success): Promise<string | undefined> {
  const [job] = await pool.claim(1, 1_000)
  if (job) await pool.settle([{ job, result }])
  return job?.id
}

async function enqueue({ producer }: TestQueue, overrides: Partial<NewJob> = {}): Promise<NewJob> {
  const job = newTestJob(overrides)
  await producer.enqueue(job, { cache })
  return job
}

test('a result that is there is given at once, to a job of its own', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const first = await enqueue(queue)
  await settleNext(pool)
  const job = newTestJob()
  const hit = await queue.producer.enqueue(job, { cache })
  expect(hit).toMatchObject({
    outcome: 'hit',
    job: { id: job.id, status: 'succeeded', predictions, batch_size: 4 },
  })
  expect(job.id).not.toBe(first.id)
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'succeeded', predictions, attempt: 0 })
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
  expect(await queue.redis.exists(queue.keys.input(MODEL, job.id))).toBe(0)
})

test('a result that is older than the cache keeps it is computed anew', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const first = await enqueue(queue)
  await settleNext(pool)
  await queue.redis.hset(queue.keys.job(MODEL, first.id), 'completed_at', '1')
  expect((await queue.producer.enqueue(newTestJob(), { cache })).outcome).toBe('queued')
})

test('a failure is no result', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  await enqueue(queue)
  await settleNext(pool, { status: 'failed', code: 'inference-failed' })
  expect((await queue.producer.enqueue(newTestJob(), { cache })).outcome).toBe('queued')
})

test('another input, or none that may be shared, is queued', async () => {
  const queue = await testQueue()
  await enqueue(queue)
  const other = { ...cache, digest: 'other-input' }
  expect((await queue.producer.enqueue(newTestJob(), { cache: other })).outcome).toBe('queued')
  expect((await queue.producer.enqueue(newTestJob())).outcome).toBe('queued')
})

test('a job that is on its way is joined: it runs once, and all get its end', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const first = await enqueue(queue)
  const joined = newTestJob()
  expect(await queue.producer.enqueue(joined, { cache })).toMatchObject({
    outcome: 'joined',
    job: { status: 'queued' },
  })
  const [claimed] = await pool.claim(32, 1_000)
  const late = await enqueue(queue)
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(1)
  expect(claimed?.id).toBe(first.id)
  if (claimed) await pool.settle([{ job: claimed, result: success }])
  for (const { id } of [first, joined, late])
    expect(await queue.producer.read(id)).toMatchObject({ status: 'succeeded', predictions })
  expect(await queue.redis.exists(queue.keys.followers(MODEL, first.id))).toBe(0)
})

test('the failure of a job is the failure of those that joined it', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  await enqueue(queue)
  const joined = await enqueue(queue)
  await settleNext(pool, { status: 'failed', code: 'inference-failed' })
  expect(await queue.producer.read(joined.id)).toMatchObject({ status: 'failed', error: 'inference-failed' })
})

test('one that joined can be canceled, and nobody else notices', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const first = await enqueue(queue)
  const joined = await enqueue(queue)
  const job = await queue.producer.read(joined.id)
  expect(job && (await queue.producer.cancel(job))).toBe('canceled')
  await settleNext(pool)
  expect(await queue.producer.read(first.id)).toMatchObject({ status: 'succeeded' })
  expect(await queue.producer.read(joined.id)).toMatchObject({ status: 'canceled' })
})

test.each(['queued', 'processing'])(
  'where a %s job that was joined is canceled, the next one is run in its place',
  async (status) => {
    const queue = await testQueue()
    const pool = await queue.consumer('a')
    const first = await enqueue(queue)
    const [second, third] = [await enqueue(queue), await enqueue(queue)]
    const claimed = status === 'processing' ? await pool.claim(1, 1_000) : []
    const job = await queue.producer.read(first.id)
    expect(job && (await queue.producer.cancel(job))).toBe('canceled')
    for (const late of claimed)
      expect(await pool.settle([{ job: late, result: success }])).toEqual(['canceled'])

    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(1)
    const fourth = await enqueue(queue)
    const [next] = await pool.claim(32, 1_000)
    expect(next?.id).toBe(second.id)
    expect(Buffer.from(next?.payload ?? []).toString()).toBe(second.payload)
    if (next) await pool.settle([{ job: next, result: success }])
    for (const { id } of [second, third, fourth])
      expect(await queue.producer.read(id)).toMatchObject({ status: 'succeeded', predictions })
    expect(await queue.producer.read(first.id)).toMatchObject({ status: 'canceled' })
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
  },
)

test('one that is run on the input of another tells how that is encoded', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const input = newTestJob().input
  const first = await enqueue(queue, { input: { ...input, encoding: 'raw' }, payload: '12 raw bytes' })
  const joined = await enqueue(queue)
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  const [next] = await pool.claim(1, 1_000)
  expect(next).toMatchObject({ id: joined.id, input: { encoding: 'raw' } })
  expect(Buffer.from(next?.payload ?? []).toString()).toBe('12 raw bytes')
  expect(await queue.redis.hget(queue.keys.job(MODEL, joined.id), 'bytes')).toBe('12')
})

test('one that may take longer is run where the job that it joined has passed its deadline', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { deadlineMs: 5_000 })
  const joined = await enqueue(queue, { deadlineMs: 30_000 })
  // The deadline of the first has passed; its input is kept for the other.
  await queue.redis.hset(queue.keys.job(MODEL, first.id), 'deadline', '1')
  expect(await queue.redis.pttl(queue.keys.input(MODEL, first.id))).toBeGreaterThan(5_000)
  const pool = await queue.consumer('a')
  expect(await pool.claim(1, 1_000)).toEqual([])
  const [next] = await pool.claim(1, 1_000)
  expect(next?.id).toBe(joined.id)
  expect(await queue.producer.read(first.id)).toMatchObject({ status: 'expired' })
})

test('an input that was kept for those that joined is freed with the job, if all of them have been canceled', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { deadlineMs: 5_000 })
  const joined = await enqueue(queue, { deadlineMs: 30_000 })
  const job = await queue.producer.read(joined.id)
  if (job) await queue.producer.cancel(job)
  await queue.redis.hset(queue.keys.job(MODEL, first.id), 'deadline', '1')
  const pool = await queue.consumer('a')
  expect(await pool.claim(1, 1_000)).toEqual([])
  expect(await queue.redis.keys(`${queue.keys.ofModel(MODEL)}input:*`)).toEqual([])
})

test('an input that is handed on is kept as long as it may be needed, and no longer', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { deadlineMs: 600_000 })
  const next = await enqueue(queue, { deadlineMs: 20_000 })
  const last = await enqueue(queue, { deadlineMs: 30_000 })
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  const deadline = (await queue.producer.read(last.id))?.deadline
  expect(await queue.redis.pexpiretime(queue.keys.input(MODEL, next.id))).toBe(deadline)
})

test('a more urgent job does not wait behind a less urgent one', async () => {
  const queue = await testQueue()
  await enqueue(queue, { priority: 'low' })
  const urgent = newTestJob({ priority: 'high' })
  expect((await queue.producer.enqueue(urgent, { cache })).outcome).toBe('queued')
  expect((await queue.producer.enqueue(newTestJob({ priority: 'low' }), { cache })).outcome).toBe('joined')
})

test('canceling a job whose followers have all been canceled ends it, and frees its input', async () => {
  const queue = await testQueue()
  const [first, second] = [await enqueue(queue), await enqueue(queue)]
  for (const { id } of [second, first]) {
    const job = await queue.producer.read(id)
    expect(job && (await queue.producer.cancel(job))).toBe('canceled')
  }
  expect(await queue.redis.keys(`${queue.keys.ofModel(MODEL)}input:*`)).toEqual([])
  expect(await queue.redis.keys(`${queue.keys.ofModel(MODEL)}followers:*`)).toEqual([])
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
})

test('of jobs that can be run in the place of another, the most urgent is, and the rest follow it', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { priority: 'high' })
  const low = await enqueue(queue, { priority: 'low', deadlineMs: 20_000 })
  const high = await enqueue(queue, { priority: 'high' })
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE, 'high'))).toBe(1)
  const pool = await queue.consumer('a')
  expect(await settleNext(pool)).toBe(high.id)
  for (const { id } of [low, high])
    expect(await queue.producer.read(id)).toMatchObject({ status: 'succeeded' })
})

test('one that follows for a short time takes nothing from one that follows for long', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue)
  const [hasty, patient] = [await enqueue(queue, { deadlineMs: 1 }), await enqueue(queue)]
  const ttl = async (key: string) => queue.redis.pttl(key)
  expect(await ttl(queue.keys.followers(MODEL, first.id))).toBeGreaterThan(60_000)
  while ((await queue.producer.read(hasty.id))?.status === 'queued');
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  expect(await ttl(queue.keys.input(MODEL, patient.id))).toBeGreaterThan(30_000)
  const pool = await queue.consumer('a')
  expect(await settleNext(pool)).toBe(patient.id)
  expect(await queue.producer.read(hasty.id)).toMatchObject({ status: 'expired' })
})

test('where the input is gone, those that waited for it fail, and are not left waiting', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue)
  const joined = await enqueue(queue)
  await queue.redis.del(queue.keys.input(MODEL, first.id))
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  expect(await queue.producer.read(joined.id)).toMatchObject({ status: 'failed', error: 'unreadable-input' })
})

test('a job is joined while it is young, by those that have about as long as it, and not by too many', async () => {
  const queue = await testQueue({ maxBacklog: 200 })
  const outcome = async (overrides: Partial<NewJob> = {}) =>
    (await queue.producer.enqueue(newTestJob(overrides), { cache })).outcome
  await enqueue(queue, { deadlineMs: 40_000 })
  expect(await outcome({ deadlineMs: 69_000 })).toBe('joined')
  expect(await outcome({ deadlineMs: 71_000 })).toBe('queued')
  const leader = await queue.redis.get(queue.keys.cache(MODEL, cache.digest))
  await queue.redis.hset(queue.keys.job(MODEL, leader ?? ''), 'created_at', '1')
  expect(await outcome()).toBe('queued')
  for (let i = 0; i < 100; i++) expect(await outcome()).toBe('joined')
  expect(await outcome()).toBe('queued')
})

test('a result that is kept no longer is no hit, and a hit is kept no longer than a result', async () => {
  const queue = await testQueue({ resultTtlMs: 10_000 })
  const pool = await queue.consumer('a')
  const first = await enqueue(queue, { deadlineMs: 86_400_000 })
  await settleNext(pool)
  const hit = newTestJob({ deadlineMs: 86_400_000 })
  expect((await queue.producer.enqueue(hit, { cache })).outcome).toBe('hit')
  expect(await queue.redis.pttl(queue.keys.job(MODEL, hit.id))).toBeLessThanOrEqual(11_000)
  const completed = Number(await queue.redis.hget(queue.keys.job(MODEL, first.id), 'completed_at'))
  await queue.redis.hset(queue.keys.job(MODEL, first.id), 'completed_at', completed - 10_000)
  expect((await queue.producer.enqueue(newTestJob(), { cache })).outcome).toBe('queued')
})

test('those that come to follow one with little time are kept for as long as they wait', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { deadlineMs: 600_000 })
  const hasty = await enqueue(queue, { priority: 'normal', deadlineMs: 20_000 })
  await enqueue(queue, { deadlineMs: 600_000 })
  const job = await queue.producer.read(first.id)
  if (job) await queue.producer.cancel(job)
  expect(await queue.redis.pttl(queue.keys.followers(MODEL, hasty.id))).toBeGreaterThan(600_000)
  expect(await queue.redis.pttl(queue.keys.job(MODEL, hasty.id))).toBeGreaterThan(600_000)
})

test('the place of one that follows is that of the job whose result it gets', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { priority: 'high' })
  const joined = await enqueue(queue, { priority: 'low' })
  for (let i = 0; i < 5; i++) await queue.producer.enqueue(newTestJob({ priority: 'high' }))
  const place = async ({ id }: NewJob) => (await queue.producer.look(id))?.position
  expect([await place(first), await place(joined)]).toEqual([1, 1])
  const pool = await queue.consumer('a')
  await pool.claim(1, 1_000)
  expect(await place(joined)).toBeNull()
})
