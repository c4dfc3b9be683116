import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { expect, inject, onTestFinished } from 'vitest'
import type { EdgeRuntime } from '../../local-stack/env.ts'
import { type Stack, startStack } from '../../local-stack/stack.ts'
import { onlyModel, packageDecoding } from './model-package.ts'
import { Overheard } from './overheard.ts'
import { processEnv } from './process-env.ts'
import { randomNumbers } from './random-numbers.ts'
import { type RedisWithUsers, startRedisWithUsers } from './redis-with-users.ts'
import { spanCollector } from './span-collector.ts'
import { WebhookReceiver } from './webhook-receiver.ts'

const SIZE = 224
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 'planted master secret').toString('base64')}`
export const IDEMPOTENCY_KEY = 'planted-idempotency-key-1'
export const HOOK_TOKEN = 'planted-token-of-a-receiver'
export const COLLECTOR_TOKEN = 'planted-token-of-a-collector'
const TRACE = `00-${'4b'.repeat(16)}-${'c7'.repeat(8)}-01`

/** Noise: no piece of it is like another. */
export const pixels = (() => {
  const random = randomNumbers(7)
  return Buffer.from(Array.from({ length: SIZE * SIZE * 3 }, () => random(256)))
})()
const noise = () => sharp(pixels, { raw: { width: SIZE, height: SIZE, channels: 3 } })

export interface Scene {
  stack: Stack
  redis: RedisWithUsers
  heard: Overheard
  /** Of a caller, with whose key all is sent. */
  key: string
  png: Buffer
  avif: Buffer
  receiver: WebhookReceiver
  collector: Awaited<ReturnType<typeof spanCollector>>
  /** Inputs of jobs that Redis has held: what the model takes, or a photo. */
  stored: Buffer[]
  /** Where logs are. */
  folder: string
}

/** What is said until all have ended, Redis first. */
export async function lastWords(scene: Scene): Promise<void> {
  const { stack, redis, heard, png, receiver, collector, folder } = scene
  const [pool] = stack.pools
  const health = `http://127.0.0.1:${pool?.ready.healthPort}`
  await heard.answer('/metrics', fetch(`${health}/metrics`))
  await heard.processes([stack.edge.service.pid, stack.gateway.service.pid, pool?.pid ?? 0])
  await redis.stop()
  await predict(scene, 'Redis is away', png)
  await heard.answer('a pool without Redis', fetch(`${health}/ready`))
  await stack.stop()
  await heard.logs(folder)
  heard.hear('traces', JSON.stringify(collector.requests))
  for (const { body } of receiver.received) heard.hear('webhooks', body)
}

/** All parts, as verbose as they can be, with secrets of their own. Ends with the test. */
export async function setUp(edgeRuntime: EdgeRuntime): Promise<Scene> {
  const [redis, collector, receiver] = [
    await startRedisWithUsers(),
    await spanCollector(),
    await WebhookReceiver.start(),
  ]
  const model = await packageDecoding({ at: 'auto', formats: ['avif'] })
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-secrets-'))
  const verbose = { LOG_LEVEL: 'trace' }
  const stack = await startStack({
    ...{ folder, edgePort: 0, edgeRuntime, pools: 1, bundle: inject('edgeBundle') },
    ...{ redisUrl: redis.urls.admin, redisUrls: redis.urls, env: { ...processEnv(), ...verbose } },
    edgeBindings: {
      ...{ ...verbose, WEBHOOK_ALLOW_PRIVATE: 'true', CACHE_TTL_SECONDS: '0' },
      // The one way of inputs here, the other there.
      RAW_INPUTS: edgeRuntime === 'node' ? 'auto' : 'off',
    },
    poolEnv: {
      ...{ ...onlyModel(model.folder), HEALTH_PORT: '0', WEBHOOK_SECRET, WEBHOOK_ALLOW_PRIVATE: 'true' },
      // Without Redis it cannot settle what it has.
      DRAIN_SECONDS: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `authorization=${COLLECTOR_TOKEN}`,
    },
  })
  onTestFinished(async () => {
    await stack.stop()
    await redis.stop()
    await collector.close()
    await model.remove()
    await rm(folder, { recursive: true, force: true })
  })
  const heard = new Overheard()
  const key = await createKey(redis)
  return {
    ...{ stack, redis, heard, key, receiver, collector, folder, stored: [] },
    png: await noise().png().toBuffer(),
    avif: await noise().avif({ lossless: true, effort: 0 }).toBuffer(),
  }
}

async function createKey({ urls }: RedisWithUsers): Promise<string> {
  const env = { ...processEnv(), REDIS_URL: urls.admin }
  const { stdout } = await promisify(execFile)(process.execPath, ['cli/main.ts', 'keys', 'create'], { env })
  return stdout.trim()
}

/** Hears what the edge answers to a photo. */
function predict(
  { stack, heard, key }: Scene,
  what: string,
  body: Buffer | string,
  headers = {},
  query = '',
) {
  const common = { authorization: `Bearer ${key}`, traceparent: TRACE }
  return heard.answer(
    what,
    fetch(`${stack.edge.url}/predict${query}`, {
      ...{ method: 'POST', body: typeof body === 'string' ? body : new Uint8Array(body) },
      headers: { ...common, ...headers },
    }),
  )
}

const JSON_TYPE = { 'content-type': 'application/json' }
const hook = ({ receiver }: Scene) =>
  `?webhook_url=${encodeURIComponent(`${receiver.origin}/?token=${HOOK_TOKEN}`)}`

export async function goodRequests(scene: Scene): Promise<void> {
  const { stack, heard, key, png, avif } = scene
  const base64 = png.toString('base64')
  const answers = [
    await predict(scene, 'a photo', png, { 'idempotency-key': IDEMPOTENCY_KEY }),
    await predict(scene, 'the same again', png, { 'idempotency-key': IDEMPOTENCY_KEY }),
    await predict(scene, 'a photo that is decoded in the pool', avif),
    await predict(scene, 'JSON', JSON.stringify({ image: base64 }), JSON_TYPE),
    await predict(scene, 'a batch', JSON.stringify({ images: [base64, base64] }), JSON_TYPE),
    await predict(scene, 'with a webhook', png, {}, hook(scene)),
  ]
  for (const answer of answers) expect(JSON.parse(answer)).toMatchObject({ success: true })
  const id = (JSON.parse(answers[5] ?? '') as { id: string }).id
  const headers = { authorization: `Bearer ${key}` }
  for (const path of [`/result/${id}`, '/models', '/stats', '/ready', '/openapi.json', '/docs', '/'])
    await heard.answer(path, fetch(stack.edge.url + path, { headers }))
  await heard.answer(
    'events',
    fetch(`${stack.edge.url}/result/${id}`, { headers: { ...headers, accept: 'text/event-stream' } }),
  )
  await heard.answer('cancel', fetch(`${stack.edge.url}/result/${id}`, { method: 'DELETE', headers }))
}

export async function wrongRequests(scene: Scene): Promise<void> {
  const { stack, heard, key, png, avif, receiver } = scene
  const base64 = png.toString('base64')
  receiver.answer = (response) => response.writeHead(500).end()
  await predict(scene, 'a webhook that fails', png, {}, hook(scene))
  receiver.answer = (response) => void response.destroy()
  await predict(scene, 'a webhook that hangs up', png, {}, hook(scene))
  await predict(scene, 'a damaged photo', png.subarray(0, png.length / 2))
  await predict(scene, 'a photo that is damaged for the pool', avif.subarray(0, avif.length / 2))
  await predict(scene, 'no photo', pixels)
  await predict(scene, 'JSON that is none', `{"image": "${base64}`, JSON_TYPE)
  await predict(scene, 'base64 that is none', JSON.stringify({ image: `*${base64}` }), JSON_TYPE)
  await predict(scene, 'a field too many', JSON.stringify({ image: base64, other: base64 }), JSON_TYPE)
  await predict(scene, 'a form that is none', png, { 'content-type': 'multipart/form-data; boundary=x' })
  await predict(scene, 'another photo with the same key', avif, { 'idempotency-key': IDEMPOTENCY_KEY })
  await predict(scene, 'a key that is none', png, { 'idempotency-key': `${IDEMPOTENCY_KEY}\t` })
  await predict(scene, 'no such model', png, {}, '?model=none')
  await predict(
    scene,
    'a webhook that may not be',
    png,
    {},
    `?webhook_url=https://user:${HOOK_TOKEN}@host.example`,
  )
  await predict(scene, 'a wrong API key', png, { authorization: `Bearer ${key.slice(0, -1)}~` })
  await predict(scene, 'another scheme', png, { authorization: `Basic ${key}` })
  const { url, token } = stack.gateway
  const ask = (what: string, body: unknown, authorization = `Bearer ${token}`, path = '/') =>
    heard.answer(
      what,
      fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { authorization } }),
    )
  await ask('a wrong token', ['PING'], `Bearer ${token.slice(0, -1)}~`)
  await ask('the token as another scheme', ['PING'], `Basic ${token}`)
  await ask('a command that may not be', ['CONFIG', 'GET', '*'])
  await ask('a user list', ['ACL', 'LIST'])
  await ask('a channel that may not be', '', `Bearer ${token}`, '/subscribe/other')
}

/** Redis refuses what it allowed before, in the ways that it has. */
export async function refusalsOfRedis(scene: Scene): Promise<void> {
  const { redis, heard, stack, png, avif, stored } = scene
  const { owner } = redis
  const healthPort = stack.pools[0]?.ready.healthPort
  const withoutRight = async (user: string, right: string) => {
    await owner.acl('SETUSER', user, `-${right}`)
    await predict(scene, `${user} without ${right}`, png, { prefer: 'wait=1' })
    await predict(scene, `${user} without ${right}`, avif, { prefer: 'wait=1' })
    await owner.acl('SETUSER', user, `+${right}`)
  }
  await withoutRight('edgebatch-edge', 'set')
  await withoutRight('edgebatch-edge', 'hset')
  await withoutRight('edgebatch-pool', 'hmget')
  for (const name of await owner.keys('eb:*:input:*')) {
    const input = (await owner.getBuffer(name)) ?? Buffer.alloc(0)
    const encoding = await owner.hget(name.replace(':input:', ':job:'), 'encoding')
    stored.push(encoding === 'raw' ? input : Buffer.from(input.toString(), 'base64'))
  }
  await withoutRight('edgebatch-pool', 'get')
  await owner.config('SET', 'maxmemory', '1')
  await predict(scene, 'Redis is full', png)
  await owner.config('SET', 'maxmemory', '0')
  for (const role of ['edge', 'pool'] as const) {
    const user = `edgebatch-${role}`
    await owner.acl('SETUSER', user, 'resetpass')
    await owner.client('KILL', 'USER', user)
    await predict(scene, `the password of ${role} is another`, png, { prefer: 'wait=1' })
    await heard.answer('/ready', fetch(`http://127.0.0.1:${healthPort}/ready`))
    await owner.acl('SETUSER', user, `>${new URL(redis.urls[role]).password}`)
  }
  for (let answer = ''; !answer.includes('"success":true'); )
    answer = await predict(scene, 'all is well again', png, { 'cache-control': 'no-store' })
}
