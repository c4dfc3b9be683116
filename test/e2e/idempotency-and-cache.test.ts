import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { MODEL, stackWithoutPools, type TestStack, testStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack({ edgeBindings: { CACHE_TTL_SECONDS: '300' } })
})
afterAll(() => stack?.close())

const jobOf = async (response: Response) => (await response.json()) as PublicJob
const predict = (name: string, headers: Record<string, string> = {}, query = '') =>
  stack.predict(example(name), { headers, query })
const jobs = async () => (await stack.redis.keys(`${stack.keys.prefix}*:job:*`)).length
/** How many jobs were ever queued. */
async function runs(): Promise<number> {
  const info = await stack.redis.xinfo('STREAM', stack.keys.queue({ model: MODEL, version: '1' }))
  return Number(/entries-added,(\d+)/.exec(String(info))?.[1])
}

describe('the cache', () => {
  test('answers the same photo with a job of its own, at once and without a run', async () => {
    const first = await predict('cat.jpg')
    expect(first.headers.get('x-cache')).toBe('miss')
    const before = await runs()
    const second = await predict('cat.jpg')
    expect([second.status, second.headers.get('x-cache')]).toEqual([200, 'hit'])
    const [a, b] = [await jobOf(first), await jobOf(second)]
    expect(b.predictions).toEqual(a.predictions)
    expect(b.id).not.toBe(a.id)
    expect(b.metrics).toMatchObject({ queue_ms: 0, attempts: 0 })
    expect(await runs()).toBe(before)
    expect(await jobOf(await stack.get(`/result/${b.id}`))).toMatchObject({ predictions: a.predictions })
  })

  test('is left alone where the request says no-store', async () => {
    await predict('coffee.png')
    const before = await runs()
    const response = await predict('coffee.png', { 'cache-control': 'no-store' })
    expect([response.status, response.headers.get('x-cache')]).toEqual([200, null])
    expect(await runs()).toBe(before + 1)
  })

  test('joins what is on its way: many at once, one run', async () => {
    const waiting = await stackWithoutPools({ CACHE_TTL_SECONDS: '300' })
    try {
      const responses = await Promise.all(
        Array.from({ length: 8 }, () =>
          waiting.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } }),
        ),
      )
      expect(responses.map(({ headers }) => headers.get('x-cache')).sort()).toEqual([
        ...Array(7).fill('join'),
        'miss',
      ])
      const ids = (await Promise.all(responses.map(jobOf))).map(({ id }) => id)
      expect(new Set(ids).size).toBe(8)
      expect(await waiting.redis.xlen(waiting.keys.queue({ model: MODEL, version: '1' }))).toBe(1)
      await waiting.addPool()
      const ends = await Promise.all(ids.map(async (id) => jobOf(await waiting.get(`/result/${id}?wait=60`))))
      expect(ends.filter(({ status }) => status !== 'succeeded')).toEqual([])
    } finally {
      await waiting.close()
    }
  })
})

describe('an Idempotency-Key', () => {
  const key = () => ({ 'idempotency-key': crypto.randomUUID(), 'cache-control': 'no-store' })

  test('answers a call that is made again with the same job, and makes none', async () => {
    const headers = key()
    const first = await jobOf(await predict('cat.jpg', headers))
    const before = await jobs()
    const again = await predict('cat.jpg', headers)
    expect(again.status).toBe(200)
    expect((await jobOf(again)).id).toBe(first.id)
    expect(await jobs()).toBe(before)
  })

  test('of calls that race makes one job', async () => {
    const headers = { ...key(), prefer: 'respond-async' }
    const responses = await Promise.all(Array.from({ length: 8 }, () => predict('cat.jpg', headers)))
    const ids = new Set((await Promise.all(responses.map(jobOf))).map(({ id }) => id))
    expect(ids.size).toBe(1)
  })

  test.each([
    ['another photo', 'coffee.png', {}, ''],
    ['another priority', 'cat.jpg', { 'x-priority': 'low' }, ''],
    ['another time limit', 'cat.jpg', { 'cancel-after': '77s' }, ''],
    ['another model', 'cat.jpg', {}, `?model=${MODEL}`],
  ])('used for %s is 422', async (_, photo, headers, query) => {
    const own = key()
    await predict('cat.jpg', own)
    const before = await jobs()
    const response = await predict(photo, { ...own, ...headers }, query)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ code: 'idempotency-mismatch' })
    expect(await jobs()).toBe(before)
  })

  test.each(['""', 'has space', 'x'.repeat(256)])('that is malformed (%s) is 400', async (value) => {
    const response = await predict('cat.jpg', { 'idempotency-key': value })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid-request' })
  })
})
