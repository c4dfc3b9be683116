import { expect, test } from 'vitest'
import type { JobResult, NewJob } from '../../shared/job-queue.ts'
import { MODEL, newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'

const failure = { status: 'failed', code: 'inference-failed' } satisfies JobResult

async function enqueued({ producer }: TestQueue, overrides: Partial<NewJob> = {}) {
  const job = newTestJob(overrides)
  await producer.enqueue(job)
  const stored = await producer.read(job.id)
  if (!stored) throw new Error('the job was not accepted')
  return stored
}

test('a queued job leaves its queue with its input, and no pool gets it', async () => {
  const queue = await testQueue()
  const job = await enqueued(queue)
  expect(await queue.producer.cancel(job)).toBe('canceled')
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'canceled', attempt: 0 })
  expect(await queue.redis.exists(queue.keys.input(MODEL, job.id))).toBe(0)
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
  const pool = await queue.consumer('a')
  expect(await pool.claim(1, 10)).toEqual([])
})

test('a job that was handed out and not claimed yet is not claimed any more', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const job = await enqueued(queue)
  const reader = await pool.consumer.open(QUEUE)
  const { entries } = await reader.take(1, 1_000)
  await queue.producer.cancel(job)
  expect((await pool.consumer.claim(QUEUE, entries)).jobs).toEqual([undefined])
  reader.close()
})

test('of a job that is being run the result is dropped, and it stays canceled', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const job = await enqueued(queue)
  const [claimed] = await pool.claim(1, 1_000)
  if (!claimed) throw new Error('nothing to claim')
  expect(await queue.producer.cancel(job)).toBe('canceled')
  expect(await pool.settle([{ job: claimed, result: failure }])).toEqual(['canceled'])
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'canceled', attempt: 1 })
  expect(await queue.redis.xpending(queue.keys.queue(QUEUE), 'pool')).toMatchObject({ 0: 0 })
})

test('canceling again, or what has ended, changes nothing and says how it ended', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('a')
  const job = await enqueued(queue)
  const [claimed] = await pool.claim(1, 1_000)
  if (claimed) await pool.settle([{ job: claimed, result: failure }])
  const before = await queue.redis.hgetall(queue.keys.job(MODEL, job.id))
  expect(await queue.producer.cancel(job)).toBe('failed')
  expect(await queue.redis.hgetall(queue.keys.job(MODEL, job.id))).toEqual(before)

  const other = await enqueued(queue)
  expect(await queue.producer.cancel(other)).toBe('canceled')
  expect(await queue.producer.cancel(other)).toBe('canceled')
})

test('a job past its deadline is expired and not canceled: a reader may have been told so', async () => {
  const queue = await testQueue()
  const job = await enqueued(queue)
  await queue.redis.hset(queue.keys.job(MODEL, job.id), 'deadline', '1')
  expect(await queue.producer.cancel(job)).toBe('expired')
})

test('a job that is gone cannot be canceled', async () => {
  const queue = await testQueue()
  const job = await enqueued(queue)
  await queue.redis.del(queue.keys.job(MODEL, job.id))
  expect(await queue.producer.cancel(job)).toBeUndefined()
})

test('who watches is told', async () => {
  const queue = await testQueue()
  const job = await enqueued(queue, { watched: true })
  const listener = queue.redis.duplicate()
  await listener.subscribe(queue.producer.channelOf(job))
  const told = new Promise<string>((resolve) => listener.on('message', (_, message) => resolve(message)))
  await queue.producer.cancel(job)
  expect(JSON.parse(await told)).toMatchObject({ status: 'canceled' })
  listener.disconnect()
})
