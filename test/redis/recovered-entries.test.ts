import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import type { HandedOut } from '../../shared/job-queue.ts'
import { QUEUE_GROUP } from '../../shared/redis-keys.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newTestJob, QUEUE, testQueue } from '../support/queue.ts'
import { untilBlocked } from '../support/until-blocked.ts'

const BLOCK_MS = 3_600_000
const ids = (entries: readonly HandedOut[]) => entries.map(({ id }) => id)

/** A reader whose connection was cut while Redis handed `n` jobs to its pool. */
async function readerThatLost(n: number) {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url)
  const { consumer } = await queue.consumer('a')
  const reader = await consumer.open(QUEUE)
  onTestFinished(() => reader.close())
  const observer = new Redis(url, { protocol: 2 })
  onTestFinished(() => observer.disconnect())
  const cutOff = reader.take(1, BLOCK_MS)
  await untilBlocked(observer)
  await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const lost = await cutOff
  const jobs = Array.from({ length: n }, () => newTestJob())
  for (const job of jobs) await queue.producer.enqueue(job)
  await observer.xreadgroup('GROUP', QUEUE_GROUP, 'a', 'STREAMS', queue.keys.queue(QUEUE), '>')
  return { reader, lost, jobs: jobs.map(({ id }) => id), producer: queue.producer }
}

test('a read that lost its connection does not pass for an empty queue', async () => {
  expect((await readerThatLost(0)).lost).toEqual({ entries: [], isAll: false })
})

test('what was lost on its way is given in portions of what is asked for, then what is new', async () => {
  const { reader, jobs, producer } = await readerThatLost(5)
  const last = newTestJob()
  await producer.enqueue(last)
  const taken = [
    await reader.take(2, BLOCK_MS),
    await reader.take(2, BLOCK_MS),
    await reader.take(2, BLOCK_MS),
  ]
  expect(taken.flatMap(({ entries }) => ids(entries))).toEqual(jobs)
  expect(taken.map(({ isAll }) => isAll)).toEqual([false, false, false])
  expect(await reader.take(2, BLOCK_MS)).toMatchObject({ entries: [{ id: last.id }], isAll: true })
  expect(await reader.take(2, 0)).toEqual({ entries: [], isAll: true })
})
