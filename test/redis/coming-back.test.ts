import { describe, expect, test } from 'vitest'
import type { EnqueueChecks } from '../../shared/job-queue.ts'
import type { Priority } from '../../shared/priority.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'

/** A job in 10 s, so that no time that a test takes is near it; those who come back may take each second place. */
const [RATE, JOB_MS, EVERY_MS] = [0.1, 10_000, 20_000]
const LATEST_MS = 60_000

async function refusal(queue: TestQueue, checks: EnqueueChecks, priority?: Priority): Promise<number> {
  const result = await queue.producer.enqueue(newTestJob(priority ? { priority } : {}), checks)
  expect(['full', 'rate-limited']).toContain(result.outcome)
  return 'retryAfterMs' in result ? result.retryAfterMs : Number.NaN
}

/** The moment that each of `n` who are refused is told, by what Redis keeps. */
async function moments(queue: TestQueue, n: number, key: string, checks: EnqueueChecks): Promise<number[]> {
  const told: number[] = []
  for (let i = 0; i < n; i++) {
    await refusal(queue, checks)
    told.push(Number(await queue.redis.get(key)))
  }
  return told
}

const steps = (values: number[]) => values.slice(1).map((value, i) => value - (values[i] ?? 0))

async function fullQueue(url?: string): Promise<TestQueue> {
  const queue = await testQueue({ maxBacklog: 2 }, url)
  for (let i = 0; i < 2; i++) await queue.producer.enqueue(newTestJob())
  return queue
}

describe('who is refused by a full queue', () => {
  test('comes so long after the one before him that half of what is served is left to others', async () => {
    const queue = await fullQueue()
    const told = await moments(queue, 3, queue.keys.back(QUEUE), { drainRate: RATE })
    expect(steps(told)).toEqual(Array(2).fill(EVERY_MS))
  })

  test('the first when a tenth of the queue is served', async () => {
    const queue = await fullQueue()
    expect(await refusal(queue, { drainRate: RATE })).toBe((2 * JOB_MS) / 10)
  })

  test('is told to stay away for a minute at most, however many were refused before him', async () => {
    const queue = await fullQueue()
    for (let i = 0; i < 10; i++)
      expect(await refusal(queue, { drainRate: RATE })).toBeLessThanOrEqual(LATEST_MS)
    expect(await refusal(queue, { drainRate: RATE })).toBe(LATEST_MS)
    expect(await queue.redis.pttl(queue.keys.back(QUEUE))).toBeGreaterThan(LATEST_MS - EVERY_MS)
    expect(await refusal(await fullQueue(), { drainRate: 0.001 })).toBe(LATEST_MS)
  })

  test('does not come later for those that another queue has refused', async () => {
    const queue = await fullQueue()
    for (let i = 0; i < 3; i++) await refusal(queue, { drainRate: RATE })
    const first = (2 * JOB_MS) / 10
    expect(await refusal(queue, { drainRate: RATE }, 'low')).toBe(first)
  })

  test('comes after five seconds, and not with others, where nobody has told how fast it is', async () => {
    const queue = await fullQueue()
    expect(await refusal(queue, {})).toBe(5_000)
    const told = await moments(queue, 3, queue.keys.back(QUEUE), { drainRate: null })
    for (const step of steps(told)) expect(step).toBeGreaterThanOrEqual(100)
  })
})

describe('who is refused as the rate of his API key is used up', () => {
  /** Three at once, and one in each 10 s. */
  const rate = { limit: 3, windowMs: 3 * JOB_MS }

  async function usedUp(url?: string): Promise<{ queue: TestQueue; key: EnqueueChecks['key'] }> {
    const queue = await testQueue({}, url)
    const key = { id: 'abcdefghijkl', stored: '{"id":"abcdefghijkl"}', rate }
    await queue.redis.hset(queue.keys.apiKeys(), key.id, key.stored)
    for (let i = 0; i < 3; i++) await queue.producer.enqueue(newTestJob(), { key })
    return { queue, key }
  }

  test('comes when more are allowed than those were told of who were refused before', async () => {
    const { queue, key } = await usedUp()
    expect(await refusal(queue, { key })).toBeLessThanOrEqual(JOB_MS)
    const told = await moments(queue, 2, queue.keys.rateBack(key?.id ?? ''), { key })
    expect(steps(told)).toEqual([EVERY_MS])
  })

  test('is not told to wait for others longer than a minute', async () => {
    const { queue, key } = await usedUp()
    for (let i = 0; i < 10; i++) expect(await refusal(queue, { key })).toBeLessThanOrEqual(LATEST_MS)
  })

  test('is told so by a Redis that is full, too', async () => {
    const { queue, key } = await usedUp((await ownRedis()).url)
    await queue.redis.config('SET', 'maxmemory', '1')
    expect(await refusal(queue, { key })).toBeLessThanOrEqual(JOB_MS)
  })
})
