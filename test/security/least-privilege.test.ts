import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Stack, startStack } from '../../local-stack/stack.ts'
import { parseApiKey } from '../../shared/api-key.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { openStream } from '../support/event-stream.ts'
import { BUNDLED_MODEL, onlyModel } from '../support/model-package.ts'
import { example } from '../support/photos.ts'
import { processEnv } from '../support/process-env.ts'
import { type RedisWithUsers, startRedisWithUsers } from '../support/redis-with-users.ts'
import { eventsIn } from '../support/server-sent-events.ts'
import { MASTER_SECRET } from '../support/webhook-jobs.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

const keys = new RedisKeys('eb:')
const MODEL = 'efficientnet-lite0'

let redis: RedisWithUsers
let stack: Stack
let folder: string
beforeAll(async () => {
  redis = await startRedisWithUsers()
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-acl-'))
  stack = await startStack({
    ...{ folder, edgePort: 0, edgeRuntime: inject('edgeRuntime'), pools: 2, bundle: inject('edgeBundle') },
    ...{ redisUrl: redis.urls.admin, redisUrls: redis.urls, env: processEnv() },
    edgeBindings: { WEBHOOK_ALLOW_PRIVATE: 'true' },
    poolEnv: {
      ...{ WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_SECRET: MASTER_SECRET },
      ...onlyModel(BUNDLED_MODEL),
    },
  })
})
afterAll(async () => {
  await stack?.stop()
  await redis?.stop()
  if (folder) await rm(folder, { recursive: true, force: true })
})

/** `npx edgebatch keys ...` as whoever administers. */
async function keysCommand(...args: string[]): Promise<string> {
  const env = { ...processEnv(), REDIS_URL: redis.urls.admin }
  const { stdout } = await promisify(execFile)(process.execPath, ['cli/main.ts', 'keys', ...args], { env })
  return stdout.trim()
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const get = (path: string, headers: Record<string, string>) => fetch(stack.edge.url + path, { headers })

function predict(photos: Buffer[], headers: Record<string, string>, query = ''): Promise<Response> {
  const form = new FormData()
  for (const photo of photos) form.append('image', new Blob([new Uint8Array(photo)]), 'photo')
  return fetch(`${stack.edge.url}/predict${query}`, { method: 'POST', body: form, headers })
}

async function untilTold(id: string, headers: Record<string, string>): Promise<PublicJob> {
  for (;;) {
    const job = (await (await get(`/result/${id}`, headers)).json()) as PublicJob
    if (job.webhook?.status !== 'pending') return job
  }
}

test('with the users that `npx edgebatch acl` makes, all of it works, and Redis refuses nothing', async () => {
  const user = await keysCommand('create', '--name', 'camera', '--rate', '100/60s')
  const admin = bearer(await keysCommand('create', '--admin'))
  expect(await keysCommand('list')).toContain('camera')
  const headers = bearer(user)

  const cat = example('cat.jpg')
  const fresh = { ...headers, 'cache-control': 'no-store' }
  const first = await predict([cat], { ...headers, 'idempotency-key': 'once' })
  const job = (await first.json()) as PublicJob
  expect(job).toMatchObject({ status: 'succeeded', model: MODEL })
  expect(first.headers.get('ratelimit')).toContain('r=99')
  expect(await (await predict([cat], { ...headers, 'idempotency-key': 'once' })).json()).toMatchObject({
    id: job.id,
  })
  expect((await predict([cat], headers)).headers.get('x-cache')).toBe('hit')

  const batch = await predict([cat, example('coffee.png')], fresh)
  expect((await batch.json()) as PublicBatch).toMatchObject({ status: 'completed', success: true })

  const queued = await predict([cat], { ...fresh, prefer: 'respond-async' })
  const { id } = (await queued.json()) as PublicJob
  const canceled = await fetch(`${stack.edge.url}/result/${id}`, { method: 'DELETE', headers })
  expect(canceled.status).toBe(200)
  const seen = []
  for await (const { event } of eventsIn(
    await get(`/result/${id}`, { ...headers, accept: 'text/event-stream' }),
  ))
    seen.push(event)
  expect(seen.at(-1)).toMatch(/^(canceled|succeeded)$/)

  const receiver = await WebhookReceiver.start()
  const query = `?webhook_url=${encodeURIComponent(receiver.origin)}`
  const told = (await (await predict([cat], fresh, query)).json()) as PublicJob
  expect((await untilTold(told.id, headers)).webhook).toMatchObject({ status: 'delivered' })
  receiver.answer = (response) => response.writeHead(410).end()
  const off = (await (await predict([cat], fresh, query)).json()) as PublicJob
  expect((await untilTold(off.id, headers)).webhook).toMatchObject({ status: 'disabled' })

  const stream = await openStream(stack.gateway, `/subscribe/${encodeURIComponent(keys.done(MODEL, id))}`)
  expect([stream.status, await stream.next()]).toEqual([200, [`data: subscribe,${keys.done(MODEL, id)},1`]])
  stream.leave()

  expect((await get('/ready', {})).status).toBe(200)
  expect(await (await get('/models', headers)).json()).toMatchObject({ models: [{ name: MODEL }] })
  expect((await get('/stats', admin)).status).toBe(200)

  await stack.pools[1]?.stop()
  expect(await redis.owner.hlen(keys.workers())).toBe(1)
  await keysCommand('revoke', parseApiKey(user)?.id ?? '')
  expect((await predict([cat], headers)).status).toBe(401)
  expect(await redis.owner.call('ACL', 'LOG')).toEqual([])
})
