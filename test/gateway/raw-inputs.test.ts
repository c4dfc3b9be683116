import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { RedisRest } from '../../edge/redis-rest.ts'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { systemClock } from '../../shared/clock.ts'
import type { EnqueueChecks, NewJob } from '../../shared/job-queue.ts'
import { RedisReplyError } from '../../shared/redis-commands.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { HandClock } from '../support/hand-clock.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE } from '../support/queue.ts'

let gateway: TestGateway
/** Our own, because it is made to forget its scripts. */
let server: OwnRedis
let redis: Redis

beforeAll(async () => {
  server = await startOwnRedis()
  gateway = await testGateway(server.url)
  redis = new Redis(server.url, { protocol: 2 })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
  await server.stop()
})

/** What stands between edge and gateway. It may answer itself, or change what it passes on. */
interface Proxy {
  answer?: (path: string) => { status: number; body: string } | 'never' | undefined
  change?: (body: Buffer) => Buffer
}

interface Asked {
  path: string
  body: Buffer
}

const INPUT: NewJob['input'] = { kind: 'tensor', dtype: 'uint8', shape: [16, 16, 3], encoding: 'raw' }
const PIXELS = Uint8Array.from({ length: 768 }, (_, i) => i % 256)

/** An edge's side of the queue under a fresh prefix, and what it asked. */
async function edgeBehind(
  proxy: Proxy = {},
  { prefix = `test:${crypto.randomUUID()}:`, clock = systemClock } = {},
) {
  const asked: Asked[] = []
  const relay = createServer(async (request, response) => {
    const answer = await relayed(request, proxy, asked)
    if (answer === 'never') return
    const { status, body } = answer
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  onTestFinished(() => {
    relay.closeAllConnections()
    relay.close()
  })
  const url = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
  const rest = new RedisRest({ url, token: gateway.token, timeoutMs: 60_000, rawBytes: true }, clock)
  const keys = new RedisKeys(prefix)
  const producer = new RedisJobProducer(rest, keys, {
    maxBacklog: 100,
    deadlineMs: 60_000,
    resultTtlMs: 60_000,
  })
  const enqueue = async (overrides: Partial<NewJob> = {}, checks: EnqueueChecks = {}) => {
    const job = newTestJob({ input: INPUT, payload: PIXELS, ...overrides })
    const { outcome } = await producer.enqueue(job, checks)
    const stored = await redis.getBuffer(keys.input(MODEL, job.id))
    const encoding = await redis.hget(keys.job(MODEL, job.id), 'encoding')
    return { id: job.id, outcome, stored, encoding }
  }
  return { asked, keys, enqueue }
}

async function relayed(request: IncomingMessage, proxy: Proxy, asked: Asked[]) {
  const body = await buffer(request)
  const path = request.url ?? ''
  asked.push({ path, body })
  const own = proxy.answer?.(path)
  if (own) return own
  const headers = Object.fromEntries(
    ['authorization', 'content-type', 'upstash-encoding'].flatMap((name) => {
      const value = request.headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
  const sent = new Uint8Array(proxy.change?.(body) ?? body)
  const response = await fetch(gateway.url + path, { method: 'POST', headers, body: sent })
  return { status: response.status, body: await response.text() }
}

const AS_IT_IS = { outcome: 'queued', stored: Buffer.from(PIXELS), encoding: 'raw' }
const IN_BASE64 = {
  outcome: 'queued',
  stored: Buffer.from(Buffer.from(PIXELS).toString('base64')),
  encoding: 'base64',
}
const byPath = ({ path }: Asked) => path.startsWith('/evalsha/')

test('an input arrives as the bytes it is, once Redis knows the script', async () => {
  await redis.script('FLUSH')
  const edge = await edgeBehind()
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  expect(await edge.enqueue()).toMatchObject(AS_IT_IS)
  await redis.script('FLUSH')
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  expect(await edge.enqueue()).toMatchObject(AS_IT_IS)
})

test('all is stored of it that is stored of one in base64', async () => {
  const edge = await edgeBehind()
  const job = {
    requestId: 'id "ü"',
    traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
    owner: 'camera',
  }
  const stored = async (payload: NewJob['payload'], encoding: 'raw' | 'base64') => {
    const { id } = await edge.enqueue({ ...job, payload, input: { ...INPUT, encoding } })
    const fields = await redis.hgetall(edge.keys.job(MODEL, id))
    const ofTheMoment = { created_at: '', deadline: '', entry: '', seq: '' }
    return { ...fields, ...ofTheMoment }
  }
  await edge.enqueue()
  const inBase64 = await stored(Buffer.from(PIXELS).toString('base64'), 'base64')
  expect(await stored(PIXELS, 'raw')).toEqual({ ...inBase64, encoding: 'raw', bytes: '768' })
  expect(inBase64).toMatchObject({ ...{ request_id: job.requestId, owner: 'camera' }, bytes: '1024' })
})

test('bytes of any kind stay the same: none, line feeds, all of them', async () => {
  const edge = await edgeBehind()
  await edge.enqueue()
  for (const bytes of [[], [10], [10, 10, 123, 10], [0], [255, 254, 0, 13, 10], [...PIXELS]]) {
    const { stored, encoding } = await edge.enqueue({ payload: Uint8Array.from(bytes) })
    expect([encoding, stored]).toEqual(['raw', Buffer.from(bytes)])
  }
})

test('paths tell keys, and nothing else', async () => {
  const edge = await edgeBehind()
  await edge.enqueue()
  const { id } = await edge.enqueue(
    {
      owner: 'owner-of-key',
      webhook: {
        url: 'https://example.com/hook?secret=1',
        events: ['succeeded'],
        origin: 'https://example.com',
      },
    },
    { cache: { digest: 'digest-of-input', ttlMs: 1_000 } },
  )
  const paths = edge.asked.map(({ path }) => decodeURIComponent(path))
  const queue = edge.keys.queue(QUEUE, 'normal')
  const keys = [queue, edge.keys.job(MODEL, id), edge.keys.input(MODEL, id), edge.keys.queue(QUEUE, 'high')]
  expect(paths.at(-1)).toMatch(/^\/evalsha\/[0-9a-f]{40}\/4\//)
  expect(paths.at(-1)?.split('/').slice(4)).toEqual(keys)
})

test('whether bytes arrive is asked once', async () => {
  const edge = await edgeBehind()
  for (let i = 0; i < 4; i++) await edge.enqueue()
  expect(edge.asked.filter(({ body }) => body.length === 256)).toHaveLength(1)
})

test('through a proxy that takes bodies for text, inputs go in base64', async () => {
  const edge = await edgeBehind({ change: (body) => Buffer.from(body.toString()) })
  for (let i = 0; i < 3; i++) expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  expect(edge.asked.filter(byPath)).toHaveLength(1)
})

test('an endpoint without such paths gets them in base64, and is asked again after five minutes', async () => {
  const clock = new HandClock()
  let isOffered = false
  const answer = (path: string) =>
    path === '/' || isOffered ? undefined : { status: 404, body: '{"error":"ERR not found"}' }
  const edge = await edgeBehind({ answer }, { clock })
  for (let i = 0; i < 3; i++) expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  expect(edge.asked.filter(byPath)).toHaveLength(1)
  isOffered = true
  clock.pass(5 * 60_000 - 1)
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  clock.pass(1)
  expect(await edge.enqueue()).toMatchObject(AS_IT_IS)
})

test('an endpoint that cannot be asked now gets them in base64, and is asked again after five seconds', async () => {
  const clock = new HandClock()
  let isThere = false
  const answer = (path: string) => (path === '/' || isThere ? undefined : { status: 503, body: 'not now' })
  const edge = await edgeBehind({ answer }, { clock })
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  isThere = true
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  clock.pass(5_000)
  expect(await edge.enqueue()).toMatchObject(AS_IT_IS)
})

test('an endpoint that does not say is waited for a third of the time', async () => {
  const clock = new HandClock()
  const { promise: isAsked, resolve } = Promise.withResolvers<void>()
  const answer = (path: string) => {
    if (path === '/') return undefined
    resolve()
    return 'never' as const
  }
  const edge = await edgeBehind({ answer }, { clock })
  const enqueued = edge.enqueue()
  await isAsked
  clock.pass(20_000 - 1)
  const early = await Promise.race([enqueued, new Promise((pass) => setImmediate(pass, 'waits'))])
  expect(early).toBe('waits')
  clock.pass(1)
  expect(await enqueued).toMatchObject(IN_BASE64)
})

test('an answer that is none of the protocol has that input go in base64, under the same id', async () => {
  let isBroken = false
  const answer = (path: string) =>
    isBroken && path !== '/' ? { status: 502, body: '<html>bad gateway</html>' } : undefined
  const edge = await edgeBehind({ answer })
  await edge.enqueue()
  isBroken = true
  expect(await edge.enqueue()).toMatchObject(IN_BASE64)
})

test('keys that are too long for a path have them go in base64', async () => {
  const edge = await edgeBehind({}, { prefix: `test:${'long:'.repeat(400)}${crypto.randomUUID()}:` })
  for (let i = 0; i < 2; i++) expect(await edge.enqueue()).toMatchObject(IN_BASE64)
  expect(edge.asked.filter(byPath)).toHaveLength(0)
})

test('what Redis refuses is told in its words, without what it was asked', async () => {
  const edge = await edgeBehind()
  await edge.enqueue()
  await redis.set(edge.keys.queue(QUEUE, 'high'), 'no stream')
  const refused = edge.enqueue({ owner: 'owner-of-key' })
  await expect(refused).rejects.toThrow(RedisReplyError)
  await expect(refused).rejects.toThrow(/^(?!.*owner-of-key)[A-Z]+ /)
})
