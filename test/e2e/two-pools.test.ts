import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

const QUEUE = { model: MODEL, version: '1' }

const UPLOADS = 500

let stack: TestStack
beforeAll(async () => {
  stack = await testStack({ pools: 2, edgeBindings: { DEFAULT_WAIT_SECONDS: '60' } })
})
afterAll(() => stack?.close())

test('500 concurrent uploads over two pools: each answered, each settled once, nothing left in the queue', async () => {
  const { redis, keys } = stack
  const photos = [example('cat.jpg'), example('rocket.jpg')]
  const answers = await Promise.all(
    Array.from({ length: UPLOADS }, async (_, i) => {
      let response = await stack.predict(photos[i % 2] as Buffer)
      while (response.status === 202)
        response = await stack.get(`${response.headers.get('location')}?wait=60`)
      return { status: response.status, body: (await response.json()) as PublicJob }
    }),
  )

  expect(answers.filter(({ status, body }) => status !== 200 || !body.success)).toEqual([])
  const labels = answers.map(({ body }) => body.predictions?.[0]?.label ?? '')
  expect(labels.filter((label, i) => !(i % 2 === 0 ? /cat/ : /missile/).test(label))).toEqual([])
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(UPLOADS)

  const ids = answers.map(({ body }) => body.id)
  const servedBy = new Set(await Promise.all(ids.map((id) => redis.hget(keys.job(MODEL, id), 'pool'))))
  expect(servedBy.size).toBe(2)
  const attempts = new Set(await Promise.all(ids.map((id) => redis.hget(keys.job(MODEL, id), 'attempt'))))
  expect([...attempts]).toEqual(['1'])
  expect(await redis.xlen(keys.queue(QUEUE))).toBe(0)
  expect(await redis.xpending(keys.queue(QUEUE), 'pool')).toMatchObject({ 0: 0 })
  expect(await redis.keys(`${keys.prefix}*:input:*`)).toEqual([])
})
