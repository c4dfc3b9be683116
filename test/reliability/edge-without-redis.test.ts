import sharp from 'sharp'
import { expect, inject, onTestFinished, test } from 'vitest'
import { composeEdge } from '../../edge/compose-edge.ts'
import type { EdgeApp } from '../../edge/edge-context.ts'
import { type EdgeEnv, edgeEnvSchema } from '../../edge/env.ts'
import { MODELS_FRESH_MS } from '../../shared/announcement.ts'
import { newJobId } from '../../shared/job-id.ts'
import { readConfiguration } from '../../shared/read-configuration.ts'
import { createSharpDecoder } from '../../shared/sharp-decoder.ts'
import { testGateway } from '../support/gateway.ts'
import { HandClock } from '../support/hand-clock.ts'
import { announcementOf, manifestOf } from '../support/known-models.ts'
import { example } from '../support/photos.ts'
import { testQueue } from '../support/queue.ts'
import { storeApiKey } from '../support/stored-api-key.ts'
import { SwitchedWay } from '../support/switched-way.ts'

/** In ms: what may pass until who calls has an answer. */
const PROMISED = 2_000

/** Gateway and Redis, with a way to each that can be switched off, and what edges have to know of them. */
interface Behind {
  toRedis: SwitchedWay
  toGateway: SwitchedWay
  env: EdgeEnv
  key: { headers: Record<string, string> }
}

async function gatewayAndRedis(): Promise<Behind> {
  const toRedis = await SwitchedWay.to(Number(new URL(inject('redisUrl')).port))
  const gateway = await testGateway(`redis://127.0.0.1:${toRedis.port}`)
  onTestFinished(() => gateway.close())
  const toGateway = await SwitchedWay.to(Number(new URL(gateway.url).port))
  const queue = await testQueue()
  await (await queue.consumer('a')).consumer.announce(announcementOf(manifestOf('m', '1')))
  const env = readConfiguration(edgeEnvSchema, {
    UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${toGateway.port}`,
    UPSTASH_REDIS_REST_TOKEN: gateway.token,
    KEY_PREFIX: queue.keys.prefix,
    ALLOW_ANONYMOUS: 'true',
  })
  return { toRedis, toGateway, env, key: await storeApiKey(queue, { admin: true }) }
}

/** An edge, and its only clock: nothing is given up unless the test lets time pass. It knows its model. */
async function edgeBefore({ env }: Behind): Promise<{ app: EdgeApp; clock: HandClock }> {
  const clock = new HandClock()
  const types = ['jpeg'] as const
  const app = composeEdge(env, {
    decodePhoto: createSharpDecoder(sharp, { types, maxPixels: 1e8, timeoutSeconds: 60 }),
    decodedTypes: types,
    consoleAssets: {},
    logFailure: () => {},
    clock,
  })
  expect((await app.request('/ready')).status).toBe(200)
  return { app, clock }
}

const photos = (count: number) => {
  const body = new FormData()
  for (let i = 0; i < count; i++) body.append('image', new Blob([new Uint8Array(example('cat.jpg'))]), `${i}`)
  return body
}
const post = (count: number, headers: Record<string, string> = {}) => ({
  ...{ method: 'POST', body: photos(count) },
  headers: { prefer: 'respond-async', ...headers },
})
const [result, batch] = [`/result/${newJobId('m')}`, '/result/batch_AAAAAAAAAAAAAAAAAAAAAA.m']

interface Call {
  what: string
  /** To Redis, at the same time. */
  requests?: number
  make: (app: EdgeApp, key: Behind['key']) => Response | Promise<Response>
}

const CALLS: Call[] = [
  { what: 'a photo', make: (app) => app.request('/predict', post(1)) },
  { what: 'a photo with an API key', make: (app, key) => app.request('/predict', post(1, key.headers)) },
  { what: 'a batch', requests: 4, make: (app) => app.request('/predict', post(7)) },
  {
    what: 'a batch with an Idempotency-Key',
    make: (app) => app.request('/predict', post(7, { 'idempotency-key': crypto.randomUUID() })),
  },
  { what: 'a question for a result', make: (app) => app.request(result) },
  { what: 'one that would wait for it', make: (app) => app.request(`${result}?wait=60`) },
  {
    what: 'one for its events',
    make: (app) => app.request(result, { headers: { accept: 'text/event-stream' } }),
  },
  { what: 'one for a batch', make: (app) => app.request(batch) },
  { what: 'a cancellation', make: (app) => app.request(result, { method: 'DELETE' }) },
  { what: 'the statistics', make: (app) => app.request('/stats') },
]

async function expectUnavailable(response: Response): Promise<void> {
  expect(await response.json()).toMatchObject({ code: 'queue-unavailable', retryable: true })
  expect(response.status).toBe(503)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
}

/** The answer to a call of which each request to Redis has to be given up, and how long that took by the edge's clock, in ms. */
async function givenUp(
  { env, toGateway }: Behind,
  clock: HandClock,
  call: () => Response | Promise<Response>,
  requests = 1,
): Promise<{ response: Response; tookMs: number }> {
  const before = toGateway.requests
  const answered = Promise.resolve(call())
  for (let tries = 1; ; tries++) {
    const asked = toGateway.untilRequests(before + tries * requests).then(() => undefined)
    const response = await Promise.race([answered, asked])
    if (response) return { response, tookMs: (tries - 1) * env.REDIS_TIMEOUT_MS }
    clock.pass(env.REDIS_TIMEOUT_MS)
  }
}

test('one call to Redis may take a little less than a caller has been promised to wait', async () => {
  const { REDIS_TIMEOUT_MS } = readConfiguration(edgeEnvSchema, {
    ...{ UPSTASH_REDIS_REST_URL: 'http://redis', UPSTASH_REDIS_REST_TOKEN: 'x' },
  })
  expect(REDIS_TIMEOUT_MS).toBeLessThanOrEqual(0.9 * PROMISED)
})

test.each([
  ['a Redis that takes connections and never answers', 'toRedis'],
  ['a gateway that takes connections and never answers', 'toGateway'],
] as const)('%s: each call is answered 503 once one request to Redis has been given up', async (_, way) => {
  const behind = await gatewayAndRedis()
  for (const { what, requests, make } of CALLS) {
    const { app, clock } = await edgeBefore(behind)
    await behind[way].switch('silent')
    const { response, tookMs } = await givenUp(behind, clock, () => make(app, behind.key), requests)
    expect({ what, tookMs }).toEqual({ what, tookMs: behind.env.REDIS_TIMEOUT_MS })
    await expectUnavailable(response)
    await behind[way].switch('open')
    await untilBack(app, clock)
  }
})

test.each([
  ['a Redis that refuses connections', 'toRedis'],
  ['a gateway that refuses connections', 'toGateway'],
] as const)('%s: each call is answered 503 without any time limit', async (_, way) => {
  const behind = await gatewayAndRedis()
  const { app, clock } = await edgeBefore(behind)
  await behind[way].switch('refused')
  for (const { make } of CALLS) await expectUnavailable(await make(app, behind.key))
  clock.pass(MODELS_FRESH_MS)
  await expectUnavailable(await app.request('/ready'))

  await behind[way].switch('open')
  await untilBack(app, clock)
  for (const { what, make } of CALLS) {
    const { status } = await make(app, behind.key)
    expect({ what, failed: status >= 500 }).toEqual({ what, failed: false })
  }
})

test('whether the edge is ready is asked of Redis, and not for ever', async () => {
  const behind = await gatewayAndRedis()
  const { app, clock } = await edgeBefore(behind)
  await behind.toRedis.switch('silent')
  clock.pass(MODELS_FRESH_MS)
  const { response, tookMs } = await givenUp(behind, clock, () => app.request('/ready'))
  await expectUnavailable(response)
  expect(tookMs).toBe(behind.env.REDIS_TIMEOUT_MS)
})

/** The gateway looks for Redis at its own pace; the test's time limit is all that bounds it. */
async function untilBack(app: EdgeApp, clock: HandClock): Promise<void> {
  do clock.pass(MODELS_FRESH_MS)
  while ((await app.request('/ready')).status !== 200)
}
