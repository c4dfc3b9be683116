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

test('one that may take longer is run where the job that it joined has passed its deadline', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, { deadlineMs: 5_000 })
  const joined = await enqueue(queue, { deadlineMs: 60_000 })
  // The deadline of the first has passed; its input is kept for the other.
  await queue.redis.hset(queue.keys.job(MODEL, first.id), 'deadline', '1')
  expect(await queue.redis.pttl(queue.keys.input(MODEL, first.id))).toBeGreaterThan(5_000)
  const pool = await queue.consumer('a')
  expect(await pool.claim(1, 1_000)).toEqual([])
  const [next] = await pool.claim(1, 1_000)
  expect(next?.id).toBe(joined.id)
  expect(await queue.producer.read(first.id)).toMatchObject({ status: 'expired' })
})

test('a more urgent job does not wait behind a less urgent one', async () => {
  const queue = await testQueue()
  await enqueue(queue, { priority: 'low' })
  const urgent = newTestJob({ priority: 'high' })
  expect((await queue.producer.enqueue(urgent, { cache })).outcome).toBe('queued')
  expect((await queue.producer.enqueue(newTestJob({ priority: 'low' }), { cache })).outcome).toBe('joined')
})
