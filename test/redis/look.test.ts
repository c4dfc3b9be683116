import { expect, test } from 'vitest'
import type { JobResult } from '../../shared/job-queue.ts'
import { newTestJob, testQueue } from '../support/queue.ts'

const failure = { status: 'failed', code: 'inference-failed' } satisfies JobResult

test('a job’s place counts those before it that are not settled, and itself', async () => {
  const { producer, consumer } = await testQueue()
  const pool = await consumer('a')
  const jobs = [newTestJob(), newTestJob(), newTestJob(), newTestJob()]
  for (const [i, job] of jobs.entries())
    expect(await producer.enqueue(job)).toMatchObject({ outcome: 'queued', position: i + 1 })
  const last = jobs[3]?.id ?? ''
  const position = async () => (await producer.look(last))?.position
  expect(await position()).toBe(4)
  const claimed = await pool.claim(2, 1_000)
  expect(await position()).toBe(4)
  await pool.settle(claimed.map((job) => ({ job, result: failure })))
  expect(await position()).toBe(2)
  const third = await producer.read(jobs[2]?.id ?? '')
  if (third) await producer.cancel(third)
  expect(await position()).toBe(1)
  await pool.claim(1, 1_000)
  expect(await producer.look(last)).toMatchObject({ job: { status: 'processing' }, position: null })
})

test('jobs that are more urgent count before, those that are less do not', async () => {
  const { producer } = await testQueue()
  const job = newTestJob()
  await producer.enqueue(job)
  for (const priority of ['high', 'high', 'low'] as const) await producer.enqueue(newTestJob({ priority }))
  expect((await producer.look(job.id))?.position).toBe(3)
  expect(await producer.enqueue(newTestJob())).toMatchObject({ position: 4 })
  expect(await producer.enqueue(newTestJob({ priority: 'low' }))).toMatchObject({ position: 6 })
})

test('a job of a queue that was made anew has a place all the same', async () => {
  const { producer, redis, keys } = await testQueue()
  const job = newTestJob()
  await producer.enqueue(job)
  await redis.del(keys.queue({ model: job.model, version: '1' }))
  const other = newTestJob()
  await producer.enqueue(other)
  expect((await producer.look(other.id))?.position).toBe(1)
})

test('there is nothing to see of a job that never was, or an id that is none', async () => {
  const { producer } = await testQueue()
  expect(await producer.look(newTestJob().id)).toBeUndefined()
  expect(await producer.look('../../etc/passwd')).toBeUndefined()
})
