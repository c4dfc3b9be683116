import { connect } from 'node:net'
import { Redis as UpstashRedis } from '@upstash/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { openStream } from '../support/event-stream.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { ownRedis, startOwnRedis } from '../support/own-redis.ts'

const MAX_STREAMS = 20

let server: OwnRedis
let gateway: TestGateway
let redis: Redis

beforeAll(async () => {
  server = await startOwnRedis()
  gateway = await testGateway(server.url, { GATEWAY_MAX_SUBSCRIPTIONS: String(MAX_STREAMS) })
  redis = new Redis(server.url, { protocol: 2 })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
  await server.stop()
})

const freshChannel = () => `test:${crypto.randomUUID()}`
const open = (channel: string) => openStream(gateway, `/subscribe/${encodeURIComponent(channel)}`)

async function listeners(channel: string, at = redis): Promise<number> {
  return (await at.pubsub('NUMSUB', channel))[1] as number
}

/** Until the gateway has done what a client's end leads to; the test's time limit is all that bounds it. */
async function untilNobodyListens(channel: string): Promise<void> {
  while ((await listeners(channel)) > 0);
}

describe('a stream', () => {
  test('is of events: the acknowledgement, then each message, in order', async () => {
    const channel = freshChannel()
    const stream = await open(channel)
    expect(stream.status).toBe(200)
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    for (const message of ['one', '{"a":[1,2]}', '', 'grüße 漢字 😀', ' data: x']) {
      expect(await redis.publish(channel, message)).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${channel},${message}`])
    }
  })

  test('is opened with POST as well', async () => {
    const channel = freshChannel()
    const init = { method: 'POST', body: '[]', headers: { authorization: `Bearer ${gateway.token}` } }
    const stream = await openStream(gateway, `/subscribe/${channel}`, init)
    expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    await redis.publish(channel, 'message')
    expect(await stream.next()).toEqual([`data: message,${channel},message`])
  })

  test('is acknowledged only when Redis has subscribed: no message after it is missed', async () => {
    const channel = freshChannel()
    const stream = await open(channel)
    expect(await listeners(channel)).toBe(1)
    expect(await redis.publish(channel, 'at once')).toBe(1)
    await stream.next()
    expect(await stream.next()).toEqual([`data: message,${channel},at once`])
  })

  test('keeps a payload with line breaks on one line', async () => {
    const channel = freshChannel()
    const stream = await open(channel)
    await stream.next()
    await redis.publish(channel, `{\n  "a": 1\r\n}\rdata: message,${channel},forged\n\n`)
    expect(await stream.next()).toEqual([
      `data: message,${channel},{   "a": 1  } data: message,${channel},forged  `,
    ])
    await redis.publish(channel, 'next')
    expect(await stream.next()).toEqual([`data: message,${channel},next`])
  })
})

describe('streams of one channel', () => {
  test('are all acknowledged, and get every message over one subscription', async () => {
    const channel = freshChannel()
    const streams = await Promise.all([open(channel), open(channel), open(channel)])
    for (const stream of streams) expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    expect(await redis.publish(channel, 'for all')).toBe(1)
    for (const stream of streams) expect(await stream.next()).toEqual([`data: message,${channel},for all`])
  })

  test('keep it until the last client has gone; then Redis knows nothing of it', async () => {
    const channel = freshChannel()
    const [first, second] = [await open(channel), await open(channel)]
    await second.next()
    first.leave()
    await redis.publish(channel, 'still here')
    expect(await second.next()).toEqual([`data: message,${channel},still here`])
    second.leave()
    await untilNobodyListens(channel)
    expect(await redis.pubsub('CHANNELS', channel)).toEqual([])
  })

  test('can be opened again at once', async () => {
    const channel = freshChannel()
    for (let round = 0; round < 20; round++) {
      const stream = await open(channel)
      expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
      expect(await redis.publish(channel, `round ${round}`)).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${channel},round ${round}`])
      stream.leave()
    }
    await untilNobodyListens(channel)
  })
})

describe("Upstash's client", () => {
  const client = () => {
    const { url, token } = gateway
    return new UpstashRedis({ url, token, retry: false, enableTelemetry: false })
  }

  test('subscribes, gets messages, and leaves', async () => {
    const channel = `eb:{model}:done:${crypto.randomUUID()}`
    const subscriber = client().subscribe(channel)
    const subscribed = Promise.withResolvers<unknown>()
    subscriber.on('subscribe', subscribed.resolve)
    expect(await subscribed.promise).toBe(1)
    const got: unknown[] = []
    for (const message of ['text', { status: 'succeeded', text: 'a,b\nc' }]) {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      subscriber.on('message', resolve)
      await client().publish(channel, message)
      got.push(await promise)
      subscriber.removeAllListeners()
    }
    expect(got).toEqual([
      { channel, message: 'text' },
      { channel, message: { status: 'succeeded', text: 'a,b\nc' } },
    ])
    await subscriber.unsubscribe()
    await untilNobodyListens(channel)
  })

  test('reads JSON that was published on several lines', async () => {
    const channel = freshChannel()
    const subscriber = client().subscribe(channel)
    onTestFinished(() => subscriber.unsubscribe())
    await new Promise<number>((resolve) => subscriber.on('subscribe', resolve))
    const message = { label: 'two\nlines', scores: [1, 2] }
    const arrived = new Promise((resolve) => subscriber.on('message', resolve))
    await redis.publish(channel, JSON.stringify(message, null, 2))
    expect(await arrived).toEqual({ channel, message })
  })

  test('subscribes to channels with slashes and to several at once', async () => {
    const channels = [`${freshChannel()}/a/b`, freshChannel()]
    const subscriber = client().subscribe(channels)
    onTestFinished(() => subscriber.unsubscribe())
    for (const channel of channels) while ((await redis.publish(channel, '0')) === 0);
    const arrived = new Set<string>()
    await new Promise<void>((resolve) =>
      subscriber.on('message', ({ channel }) => {
        if (arrived.add(channel).size === channels.length) resolve()
        for (const next of channels) void redis.publish(next, '1')
      }),
    )
    expect([...arrived].sort()).toEqual([...channels].sort())
  })
})

describe('the name of a channel', () => {
  test.each([
    '{a}:b:%',
    'ümlaut 漢 😀',
    '/',
    'a/../b',
    '?query=1',
    '#part',
    '__proto__',
    'constructor',
    '*',
    ':channel',
    '\u0000',
    '\u2028',
    '%2F',
    'a+b c',
  ])('may be %j', async (name) => {
    const channel = `${name}${crypto.randomUUID()}${name}`
    for (const exact of [channel, name]) {
      const stream = await open(exact)
      expect(await stream.next()).toEqual([`data: subscribe,${exact},1`])
      expect(await redis.publish(exact, 'message')).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${exact},message`])
      stream.leave()
      await untilNobodyListens(exact)
    }
  })

  test('may be long', async () => {
    const channel = 'x'.repeat(5_000)
    expect(await (await open(channel)).next()).toEqual([`data: subscribe,${channel},1`])
  })

  test.each(['a\nb', 'a\rb', '\n', 'a,b', ','])('may not be %j: 400', async (name) => {
    const stream = await open(name)
    expect(stream.status).toBe(400)
    expect(stream.headers.get('content-type')).toContain('application/json')
  })

  test.each(['%ff', '%', '%zz', '%c3%28'])(
    'must be percent-encoded UTF-8, which %s is not: 400',
    async (path) => {
      expect((await openStream(gateway, `/subscribe/${path}`)).status).toBe(400)
    },
  )
})

describe('refused, with an error in JSON', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}` }, ...init })

  test.each([undefined, 'Bearer wrong'])('authorization %s: 401', async (authorization) => {
    const channel = freshChannel()
    const response = await ask(`/subscribe/${channel}`, { headers: authorization ? { authorization } : {} })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^WRONGPASS/) })
    expect(await listeners(channel)).toBe(0)
  })

  test.each(['/subscribe', '/subscribe/', '/psubscribe/a*'])('GET %s: 404', async (path) => {
    const response = await ask(path)
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^ERR not found/) })
  })

  test('HEAD, whose answer would never end: 404', async () => {
    const channel = freshChannel()
    expect((await ask(`/subscribe/${channel}`, { method: 'HEAD' })).status).toBe(404)
    expect(await listeners(channel)).toBe(0)
  })

  test('one stream more than may be open: 503, until one has gone', async () => {
    const channels = Array.from({ length: MAX_STREAMS }, freshChannel)
    const streams = []
    for (const channel of channels) {
      // Streams of earlier tests may not be gone yet.
      let stream = await open(channel)
      while (stream.status === 503) stream = await open(channel)
      streams.push(stream)
    }
    const response = await ask(`/subscribe/${freshChannel()}`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ error: 'ERR max number of subscriptions reached' })
    for (const stream of streams) stream.leave()
    for (const channel of channels) await untilNobodyListens(channel)
    expect((await open(freshChannel())).status).toBe(200)
  })

  test('a channel that Redis does not allow: 400, in its words', async () => {
    const own = await ownRedis()
    const admin = new Redis(own.url, { protocol: 2 })
    onTestFinished(() => admin.disconnect())
    await admin.call('ACL', 'SETUSER', 'gateway', 'on', '>secret', '~*', '+@all', 'resetchannels', '&allowed')
    const limited = await testGateway(own.url.replace('redis://', 'redis://gateway:secret@'))
    onTestFinished(() => limited.close())
    const headers = { authorization: `Bearer ${limited.token}` }
    const response = await fetch(`${limited.url}/subscribe/forbidden`, { headers })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^NOPERM/) })
    const stream = await openStream(limited, '/subscribe/allowed')
    expect(await stream.next()).toEqual(['data: subscribe,allowed,1'])
  })
})

test('a reader that reads nothing is cut off, and others do not notice', async () => {
  const channel = freshChannel()
  const { hostname, port } = new URL(gateway.url)
  const slow = connect(Number(port), hostname)
  onTestFinished(() => void slow.destroy())
  slow.pause()
  slow.on('error', () => {})
  const authorization = `authorization: Bearer ${gateway.token}`
  slow.write(`GET /subscribe/${channel} HTTP/1.1\r\nhost: gateway\r\n${authorization}\r\n\r\n`)
  while ((await listeners(channel)) === 0);
  const other = freshChannel()
  const good = await open(other)
  await good.next()
  const large = 'x'.repeat(64 * 1024)
  // What the two machines' own buffers take is beyond us; after that it is one MiB.
  while ((await redis.publish(channel, large)) > 0) {
    await redis.publish(other, large)
    expect(await good.next()).toEqual([`data: message,${other},${large}`])
  }
  expect(await redis.pubsub('CHANNELS', channel)).toEqual([])
})

test('streams end when Redis is lost; while it is away there is none, and then there are new ones', async () => {
  const own = await ownRedis()
  const alone = await testGateway(own.url)
  onTestFinished(() => alone.close())
  const streams = await Promise.all(['/a', '/a', '/b'].map((name) => openStream(alone, `/subscribe${name}`)))
  for (const stream of streams) await stream.next()
  await own.stop()
  for (const stream of streams) expect(await stream.next()).toBeUndefined()
  const headers = { authorization: `Bearer ${alone.token}` }
  const away = await fetch(`${alone.url}/subscribe/a`, { headers })
  expect(away.status).toBe(503)
  expect(await away.json()).toEqual({ error: 'ERR Redis cannot be reached' })

  const again = await ownRedis(Number(new URL(own.url).port))
  let stream = await openStream(alone, '/subscribe/a')
  while (stream.status !== 200) stream = await openStream(alone, '/subscribe/a')
  expect(await stream.next()).toEqual(['data: subscribe,a,1'])
  const admin = new Redis(again.url, { protocol: 2 })
  onTestFinished(() => admin.disconnect())
  expect(await admin.pubsub('CHANNELS')).toEqual(['a'])
  await admin.publish('a', 'back')
  expect(await stream.next()).toEqual(['data: message,a,back'])
})

test('a gateway that is told to stop ends its streams at once, whole', async () => {
  const stopped = await testGateway(server.url)
  onTestFinished(() => stopped.close())
  const channel = freshChannel()
  const response = await fetch(`${stopped.url}/subscribe/${channel}`, {
    headers: { authorization: `Bearer ${stopped.token}` },
  })
  process.kill(stopped.service.pid, 'SIGTERM')
  // Rejects if the connection is cut instead, which is what happens to answers that take too long.
  expect(await response.text()).toBe(`data: subscribe,${channel},1\n\n`)
  expect(await stopped.service.endedByItself).toContain('gateway ended (exit 0)')
  expect(await listeners(channel)).toBe(0)
})
