import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { testGateway } from '../support/gateway.ts'
import { freshChannel, listenedGateway } from '../support/listened-gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { RawConnection, statusesIn } from '../support/raw-http.ts'

const MAX_STREAMS = 20

const at = listenedGateway({ GATEWAY_MAX_SUBSCRIPTIONS: String(MAX_STREAMS) })

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
      const stream = await at.open(exact)
      expect(await stream.next()).toEqual([`data: subscribe,${exact},1`])
      expect(await at.redis.publish(exact, 'message')).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${exact},message`])
      stream.leave()
      await at.untilNobodyListens(exact)
    }
  })

  test('may be long', async () => {
    const channel = 'x'.repeat(5_000)
    expect(await (await at.open(channel)).next()).toEqual([`data: subscribe,${channel},1`])
  })

  test.each(['a\nb', 'a\rb', '\n', 'a,b', ','])('may not be %j: 400', async (name) => {
    const stream = await at.open(name)
    expect(stream.status).toBe(400)
    expect(stream.headers.get('content-type')).toContain('application/json')
  })

  test.each(['%ff', '%', '%zz', '%c3%28'])(
    'must be percent-encoded UTF-8, which %s is not: 400',
    async (path) => {
      expect((await openStream(at.gateway, `/subscribe/${path}`)).status).toBe(400)
    },
  )
})

describe('refused, with an error in JSON', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(at.gateway.url + path, { headers: { authorization: `Bearer ${at.gateway.token}` }, ...init })

  test.each([undefined, 'Bearer wrong'])('authorization %s: 401', async (authorization) => {
    const channel = freshChannel()
    const response = await ask(`/subscribe/${channel}`, { headers: authorization ? { authorization } : {} })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^WRONGPASS/) })
    expect(await at.listeners(channel)).toBe(0)
  })

  test.each(['/subscribe', '/subscribe/', '/psubscribe', '/psubscribe/', '/monitor/a'])(
    'GET %s, which is the command itself: 400',
    async (path) => {
      const response = await ask(path)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({
        error: expect.stringMatching(/^ERR Command is not available: /),
      })
    },
  )

  test('HEAD, whose answer would never end: 400', async () => {
    const channel = freshChannel()
    expect((await ask(`/subscribe/${channel}`, { method: 'HEAD' })).status).toBe(400)
    expect(await at.listeners(channel)).toBe(0)
  })

  test('one stream more than may be open: 503, until one has gone', async () => {
    const channels = Array.from({ length: MAX_STREAMS }, freshChannel)
    const streams = []
    for (const channel of channels) {
      // Streams of earlier tests may not be gone yet.
      let stream = await at.open(channel)
      while (stream.status === 503) stream = await at.open(channel)
      streams.push(stream)
    }
    const response = await ask(`/subscribe/${freshChannel()}`)
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ error: 'ERR max number of subscriptions reached' })
    for (const stream of streams) stream.leave()
    for (const channel of channels) await at.untilNobodyListens(channel)
    expect((await at.open(freshChannel())).status).toBe(200)
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

test.each(['GET', 'POST'])(
  'the body of a %s for a stream, which says nothing, has 10 MiB at most: 413',
  async (method) => {
    const connection = await RawConnection.open(Number(new URL(at.gateway.url).port))
    connection.send(
      `${method} /subscribe/${freshChannel()} HTTP/1.1\r\nHost: gateway.test\r\nAuthorization: Bearer ${at.gateway.token}\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n',
    )
    for (let mib = 0; mib < 11; mib++) connection.send(`100000\r\n${'x'.repeat(2 ** 20)}\r\n`)
    const answer = await connection.untilReceived('\r\n\r\n')
    expect(statusesIn(answer)).toEqual([413])
  },
)
