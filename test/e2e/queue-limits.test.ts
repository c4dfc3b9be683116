import { afterEach, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { MODEL, stackWithoutPools, type TestStack, testStack } from '../support/stack.ts'
import { untilGone } from '../support/until-gone.ts'

const ASYNC = { headers: { prefer: 'respond-async' } }

let stack: TestStack
afterEach(() => stack?.close())

test('a full queue answers 503 with Retry-After and writes nothing but that', async () => {
  stack = await stackWithoutPools({ MAX_BACKLOG: '3' })
  const accepted: PublicJob[] = []
  for (let i = 1; i <= 3; i++) {
    const response = await stack.predict(example('cat.jpg'), ASYNC)
    expect(response.status).toBe(202)
    accepted.push((await response.json()) as PublicJob)
  }
  expect(accepted.map(({ queue_position }) => queue_position)).toEqual([1, 2, 3])
  const before = await stack.redis.keys(`${stack.keys.prefix}*`)

  const refused = await stack.predict(example('cat.jpg'), ASYNC)
  expect(refused.status).toBe(503)
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({ code: 'queue-full', retryable: true })
  const back = stack.keys.back({ model: MODEL, version: '1' })
  expect((await stack.redis.keys(`${stack.keys.prefix}*`)).sort()).toEqual([...before, back].sort())

  await stack.addPool()
  for (const { id } of accepted) {
    expect(await (await stack.get(`/result/${id}?wait=60`)).json()).toMatchObject({ status: 'succeeded' })
  }
})

test('with no pool a job expires at its deadline, Redis frees its input, and after the result TTL it answers 410, then 404', async () => {
  stack = await stackWithoutPools({
    JOB_DEADLINE_SECONDS: '2',
    RESULT_TTL_SECONDS: '1',
    TOMBSTONE_SECONDS: '2',
  })
  const accepted = (await (await stack.predict(example('cat.jpg'), ASYNC)).json()) as PublicJob
  const input = stack.keys.input(MODEL, accepted.id)
  expect(await stack.redis.exists(input)).toBe(1)
  expect((await stack.get(`/result/${accepted.id}`)).status).toBe(202)

  const end = await stack.get(`/result/${accepted.id}?wait=60`)
  expect(end.status).toBe(200)
  expect(await end.json()).toMatchObject({
    status: 'expired',
    success: false,
    error: { code: 'job-expired' },
  })
  expect(await stack.redis.exists(input)).toBe(0)

  await untilStatus(410, `/result/${accepted.id}`)
  await untilGone(stack.redis, stack.keys.job(MODEL, accepted.id))
  expect((await stack.get(`/result/${accepted.id}`)).status).toBe(404)
})

test('a result answers 410 after its TTL, without a word of it, and 404 once that is forgotten', async () => {
  const edgeBindings = { RESULT_TTL_SECONDS: '1', JOB_DEADLINE_SECONDS: '5', TOMBSTONE_SECONDS: '1' }
  stack = await testStack({ edgeBindings })
  const done = (await (await stack.predict(example('cat.jpg'))).json()) as PublicJob
  expect(done.status).toBe('succeeded')
  const tombstone = await untilStatus(410, `/result/${done.id}`)
  expect(await tombstone.json()).toMatchObject({ code: 'result-expired', retryable: false })
  await untilGone(stack.redis, stack.keys.job(MODEL, done.id))
  expect((await stack.get(`/result/${done.id}`)).status).toBe(404)
})

/** Asks until the answer has that status. */
async function untilStatus(status: number, path: string): Promise<Response> {
  for (;;) {
    const response = await stack.get(path)
    if (response.status === status) return response
    await response.text()
  }
}

test('with no model announced, 503 says what is missing', async () => {
  stack = await testStack({ pools: 0 })
  const response = await stack.predict(example('cat.jpg'))
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ code: 'no-model' })
})
