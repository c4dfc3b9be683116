import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack({ edgeBindings: { ALLOW_ANONYMOUS: 'false', CACHE_TTL_SECONDS: '300' } })
})
afterAll(() => stack?.close())

type Headers = Record<string, string>
const predict = (headers: Headers) => stack.predict(example('cat.jpg'), { headers })
const request = (path: string, headers: Headers, method = 'GET') =>
  fetch(stack.edge.url + path, { headers, method })

describe('a job', () => {
  test('is seen and canceled by the key that made it, and by an admin key; for others it never was', async () => {
    const [own, other, admin] = [
      await storeApiKey(stack),
      await storeApiKey(stack),
      await storeApiKey(stack, { admin: true }),
    ]
    const made = await predict(own.headers)
    expect(made.status).toBe(200)
    const { id } = (await made.json()) as PublicJob
    for (const [path, method] of [
      [`/result/${id}`, 'GET'],
      [`/result/${id}`, 'DELETE'],
      [`/result/${id}/cancel`, 'POST'],
    ] as const) {
      expect((await request(path, own.headers, method)).status).toBe(200)
      expect((await request(path, admin.headers, method)).status).toBe(200)
      const refused = await request(path, other.headers, method)
      expect(refused.status).toBe(404)
      const unknown = await request(path.replace(id.slice(0, 22), 'A'.repeat(22)), other.headers, method)
      const { request_id: _, ...problem } = (await refused.json()) as Record<string, unknown>
      const { request_id: __, ...same } = (await unknown.json()) as Record<string, unknown>
      expect(problem).toEqual(same)
    }
    expect((await request(`/result/${id}`, { ...other.headers, accept: 'text/event-stream' })).status).toBe(
      404,
    )
    expect((await request(`/result/${id}`, {})).status).toBe(401)
  })

  test('of another key is neither a hit nor known by its Idempotency-Key', async () => {
    const [a, b] = [await storeApiKey(stack), await storeApiKey(stack)]
    const idempotency = { 'idempotency-key': 'the-same' }
    const first = await predict({ ...a.headers, ...idempotency })
    const second = await predict({ ...b.headers, ...idempotency })
    expect([first.headers.get('x-cache'), second.headers.get('x-cache')]).toEqual(['miss', 'miss'])
    expect(((await first.json()) as PublicJob).id).not.toBe(((await second.json()) as PublicJob).id)
    expect((await predict(a.headers)).headers.get('x-cache')).toBe('hit')
  })
})

test('a key has its rate: what is left is told, and beyond it 429 says when to come back', async () => {
  const key = await storeApiKey(stack, { rate: { limit: 2, window_seconds: 3_600 } })
  const first = await predict(key.headers)
  expect(first.headers.get('ratelimit-policy')).toBe('"default";q=2;w=3600')
  expect(first.headers.get('ratelimit')).toMatch(/^"default";r=1;t=1[78]\d\d$/)
  expect((await predict(key.headers)).headers.get('ratelimit')).toMatch(/^"default";r=0;t=3[56]\d\d$/)
  const refused = await predict(key.headers)
  expect(refused.status).toBe(429)
  expect(await refused.json()).toMatchObject({ code: 'rate-limited', retryable: true })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1_700)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(1_800)
  expect(refused.headers.get('ratelimit')).toMatch(/^"default";r=0;t=\d+$/)
})

test('a key that is revoked is refused by the queue at once, though the edge still remembers it', async () => {
  const key = await storeApiKey(stack)
  expect((await predict(key.headers)).status).toBe(200)
  await stack.redis.hdel(stack.keys.apiKeys(), key.id)
  expect((await predict(key.headers)).status).toBe(401)
})

test('a key whose record has changed is held against the new one', async () => {
  const key = await storeApiKey(stack)
  expect((await predict(key.headers)).status).toBe(200)
  const stored = JSON.parse((await stack.redis.hget(stack.keys.apiKeys(), key.id)) ?? '{}')
  await stack.redis.hset(stack.keys.apiKeys(), key.id, JSON.stringify({ ...stored, name: 'renamed' }))
  expect((await predict(key.headers)).status).toBe(200)
  await stack.redis.hset(stack.keys.apiKeys(), key.id, JSON.stringify({ ...stored, priorities: ['low'] }))
  expect((await predict(key.headers)).status).toBe(403)
  expect((await predict({ ...key.headers, 'x-priority': 'low' })).status).toBe(200)
  await stack.redis.hset(stack.keys.apiKeys(), key.id, JSON.stringify({ ...stored, models: ['another'] }))
  const refused = await predict(key.headers)
  expect([refused.status, await refused.json()]).toMatchObject([404, { code: 'model-not-found' }])
})

test('models and priorities are those of the key', async () => {
  const scoped = await storeApiKey(stack, { models: ['another'], priorities: ['high'] })
  const refused = await predict({ ...scoped.headers, 'x-priority': 'high' })
  expect(refused.status).toBe(404)
  const problem = (await refused.json()) as { code: string; detail: string }
  expect(problem.code).toBe('model-not-found')
  expect(problem.detail).not.toContain(MODEL)
  const urgent = await storeApiKey(stack, { priorities: ['high', 'normal'] })
  const made = await predict({ ...urgent.headers, 'x-priority': 'high' })
  expect(await made.json()).toMatchObject({ status: 'succeeded', priority: 'high' })
  expect((await predict({ ...urgent.headers, 'x-priority': 'low' })).status).toBe(403)
  expect((await predict({ ...urgent.headers, 'x-priority': 'urgent' })).status).toBe(400)
})
