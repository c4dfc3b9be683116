import { expect, test } from 'vitest'
import worker from '../../edge/worker.ts'

const BINDINGS = {
  UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1',
  UPSTASH_REDIS_REST_TOKEN: 'secret-token-of-this-test',
  ALLOW_ANONYMOUS: 'true',
}
const EXECUTION = {
  waitUntil: () => {},
  passThroughOnException: () => {},
  props: {},
} as unknown as ExecutionContext

test('without its secrets the edge says so, and does not say which', async () => {
  const response = await worker.fetch(new Request('https://edge.test/health'), {}, EXECUTION)
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ title: 'The service is not configured' })
})

test('a queue that cannot be reached is a 503 with Retry-After, without a word on addresses and tokens', async () => {
  const response = await worker.fetch(new Request('https://edge.test/models'), BINDINGS, EXECUTION)
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({ code: 'queue-unavailable', retryable: true })
  expect(body).not.toMatch(/secret-token|127\.0\.0\.1/)
})

test('/health does not need the queue', async () => {
  const response = await worker.fetch(new Request('https://edge.test/health'), BINDINGS, EXECUTION)
  expect(await response.json()).toEqual({ status: 'ok' })
})
