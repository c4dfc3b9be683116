import { expect, inject, onTestFinished, test } from 'vitest'
import type { NewJob } from '../../shared/job-queue.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisStatistics } from '../../shared/redis-statistics.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'

async function statisticsAt(url: string, keys = new RedisKeys('test:')): Promise<RedisStatistics> {
  const redis = await RedisTcp.connect(url)
  onTestFinished(() => redis.close())
  return new RedisStatistics(redis, keys)
}

/** Time of Redis, in ms. */
async function timeOf({ redis }: TestQueue): Promise<number> {
  const [seconds, microseconds] = await redis.time()
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

/** The moment in its entry's name, ms: Redis takes it anew, so that it may be one after `created_at`. */
async function queued(queue: TestQueue, changes: Partial<NewJob> = {}): Promise<number> {
  const result = await queue.producer.enqueue(newTestJob(changes))
  if (result.outcome !== 'queued') throw new Error(result.outcome)
  const entry = await queue.redis.hget(queue.keys.job(QUEUE.model, result.job.id), 'entry')
  return Number(entry?.split('-')[0])
}

/** Of the queue: for how long its oldest job waits, between the two moments that the question took. */
async function expectOldestIsFrom(queue: TestQueue, queuedAt: number): Promise<void> {
  const statistics = await statisticsAt(inject('redisUrl'), queue.keys)
  const before = await timeOf(queue)
  const { queues } = await statistics.read([QUEUE])
  const after = await timeOf(queue)
  const waits = queues[0]?.oldestWaitingMs
  expect(waits).toBeGreaterThanOrEqual(before - queuedAt)
  expect(waits).toBeLessThanOrEqual(after - queuedAt)
}

test('of a version it is told what waits, by priority, and for how long the oldest does', async () => {
  const queue = await testQueue()
  const statistics = await statisticsAt(inject('redisUrl'), queue.keys)
  const nothing = { high: 0, normal: 0, low: 0 }
  expect((await statistics.read([QUEUE])).queues).toEqual([
    { backlog: nothing, oldestWaitingMs: null, accepted: 0 },
  ])

  const first = await queued(queue, { priority: 'low' })
  while ((await timeOf(queue)) === first);
  await queued(queue)
  await queued(queue, { priority: 'high' })
  const other = { ...QUEUE, version: '2' }
  expect((await statistics.read([other, QUEUE])).queues).toEqual([
    { backlog: nothing, oldestWaitingMs: null, accepted: 0 },
    { backlog: { high: 1, normal: 1, low: 1 }, oldestWaitingMs: expect.any(Number), accepted: 3 },
  ])
  await expectOldestIsFrom(queue, first)
})

test('a job that a pool has taken waits no more; those behind it do', async () => {
  const queue = await testQueue()
  const statistics = await statisticsAt(inject('redisUrl'), queue.keys)
  const pool = await queue.consumer('a')
  const first = await queued(queue)
  expect(await pool.claim(1, 1_000)).toHaveLength(1)
  expect((await statistics.read([QUEUE])).queues).toMatchObject([
    { backlog: { normal: 1 }, oldestWaitingMs: null },
  ])
  while ((await timeOf(queue)) === first);
  await expectOldestIsFrom(queue, await queued(queue))
})

test('a queue that is empty takes one command', async () => {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url)
  const statistics = await statisticsAt(url, queue.keys)
  await queued(queue)
  await queue.redis.config('RESETSTAT')
  await statistics.read([QUEUE])
  const told = await queue.redis.info('commandstats')
  const calls = (command: string) =>
    Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(told)?.[1] ?? 0)
  // Of a version that has a queue for each priority, one of which has a job.
  expect([calls('xinfo\\|stream'), calls('xinfo\\|groups'), calls('xrange')]).toEqual([3, 1, 1])
})

test('what is past its deadline waits for nothing', async () => {
  const queue = await testQueue()
  const dead = newTestJob({ deadlineMs: 1 })
  await queue.producer.enqueue(dead)
  while ((await queue.producer.read(dead.id))?.status === 'queued');
  const statistics = await statisticsAt(inject('redisUrl'), queue.keys)
  expect((await statistics.read([QUEUE])).queues).toMatchObject([
    { backlog: { normal: 1 }, oldestWaitingMs: null },
  ])
  await expectOldestIsFrom(queue, await queued(queue))
})

test('what Redis takes in memory is told, and what it may take', async () => {
  const { url } = await ownRedis()
  const statistics = await statisticsAt(url)
  const { redis } = await testQueue({}, url)
  expect((await statistics.read([])).memory).toEqual({ used: expect.any(Number), max: null })
  await redis.config('SET', 'maxmemory', '100mb')
  const { memory } = await statistics.read([])
  expect(memory?.max).toBe(100 * 2 ** 20)
  expect(memory?.used).toBeGreaterThan(0)
  expect(memory?.used).toBeLessThan(100 * 2 ** 20)
})

test('where a user may not ask how much that is, all else is told', async () => {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url)
  await queued(queue)
  const statistics = await statisticsAt(url, queue.keys)
  await queue.redis.call('ACL', 'SETUSER', 'default', '-info')
  expect(await statistics.read([QUEUE])).toMatchObject({ memory: null, queues: [{ backlog: { normal: 1 } }] })
})
