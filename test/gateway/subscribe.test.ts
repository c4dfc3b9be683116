import { Redis as UpstashRedis } from '@upstash/redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { freshChannel, listenedGateway } from '../support/listened-gateway.ts'

const at = listenedGateway()

describe('a stream', () => {
  test('is of events: the acknowledgement, then each message, in order', async () => {
    const channel = freshChannel()
    const stream = await at.open(channel)
    expect(stream.status).toBe(200)
    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    for (const message of ['one', '{"a":[1,2]}', '', 'grüße 漢字 😀', ' data: x']) {
      expect(await at.redis.publish(channel, message)).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${channel},${message}`])
    }
  })

  test('is opened with POST as well', async () => {
    const channel = freshChannel()
    const init = { method: 'POST', body: '[]', headers: { authorization: `Bearer ${at.gateway.token}` } }
    const stream = await openStream(at.gateway, `/subscribe/${channel}`, init)
    expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    await at.redis.publish(channel, 'message')
    expect(await stream.next()).toEqual([`data: message,${channel},message`])
  })

  test('is of the channel that its path names, however that is encoded', async () => {
    const stream = await openStream(at.gateway, '/%73ubscribe/a%2Fb/%C3%BC')
    expect(await stream.next()).toEqual(['data: subscribe,a/b/ü,1'])
  })

  test('is acknowledged only when Redis has subscribed: no message after it is missed', async () => {
    const channel = freshChannel()
    const stream = await at.open(channel)
    expect(await at.listeners(channel)).toBe(1)
    expect(await at.redis.publish(channel, 'at once')).toBe(1)
    await stream.next()
    expect(await stream.next()).toEqual([`data: message,${channel},at once`])
  })

  test('keeps a payload with line breaks on one line', async () => {
    const channel = freshChannel()
    const stream = await at.open(channel)
    await stream.next()
    await at.redis.publish(channel, `{\n  "a": 1\r\n}\rdata: message,${channel},forged\n\n`)
    expect(await stream.next()).toEqual([
      `data: message,${channel},{   "a": 1  } data: message,${channel},forged  `,
    ])
    await at.redis.publish(channel, 'next')
    expect(await stream.next()).toEqual([`data: message,${channel},next`])
  })
})

describe('streams of one channel', () => {
  test('are all acknowledged, and get every message over one subscription', async () => {
    const channel = freshChannel()
    const streams = await Promise.all([at.open(channel), at.open(channel), at.open(channel)])
    for (const stream of streams) expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
    expect(await at.redis.publish(channel, 'for all')).toBe(1)
    for (const stream of streams) expect(await stream.next()).toEqual([`data: message,${channel},for all`])
  })

  test('keep it until the last client has gone; then Redis knows nothing of it', async () => {
    const channel = freshChannel()
    const [first, second] = [await at.open(channel), await at.open(channel)]
    await second.next()
    first.leave()
    await at.redis.publish(channel, 'still here')
    expect(await second.next()).toEqual([`data: message,${channel},still here`])
    second.leave()
    await at.untilNobodyListens(channel)
    expect(await at.redis.pubsub('CHANNELS', channel)).toEqual([])
  })

  test('can be opened again at once', async () => {
    const channel = freshChannel()
    for (let round = 0; round < 20; round++) {
      const stream = await at.open(channel)
      expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
      expect(await at.redis.publish(channel, `round ${round}`)).toBe(1)
      expect(await stream.next()).toEqual([`data: message,${channel},round ${round}`])
      stream.leave()
    }
    await at.untilNobodyListens(channel)
  })
})

describe('a stream of a pattern', () => {
  const openPattern = (pattern: string) =>
    openStream(at.gateway, `/psubscribe/${encodeURIComponent(pattern)}`)

  test('tells the pattern and the channel of each message', async () => {
    const channel = freshChannel()
    const stream = await openPattern(`${channel}:*`)
    expect(await stream.next()).toEqual([`data: psubscribe,${channel}:*,1`])
    for (const name of [`${channel}:a`, `${channel}:ü/b`]) {
      expect(await at.redis.publish(name, '{"a":[1,2]}')).toBe(1)
      expect(await stream.next()).toEqual([`data: pmessage,${channel}:*,${name},{"a":[1,2]}`])
    }
  })

  test('shares one subscription with others; it ends with the last', async () => {
    const channel = freshChannel()
    const streams = [await openPattern(`${channel}*`), await openPattern(`${channel}*`)]
    for (const stream of streams) expect(await stream.next()).toEqual([`data: psubscribe,${channel}*,1`])
    expect(await at.redis.publish(channel, 'for all')).toBe(1)
    for (const stream of streams)
      expect(await stream.next()).toEqual([`data: pmessage,${channel}*,${channel},for all`])
    for (const stream of streams) stream.leave()
    while ((await at.redis.publish(channel, 'anybody')) > 0);
  })

  test('is apart from a channel of the same name, and both get what concerns them', async () => {
    const name = freshChannel()
    const [channel, pattern] = [await at.open(name), await openPattern(name)]
    expect(await channel.next()).toEqual([`data: subscribe,${name},1`])
    expect(await pattern.next()).toEqual([`data: psubscribe,${name},1`])
    expect(await at.redis.publish(name, 'x')).toBe(2)
    expect(await channel.next()).toEqual([`data: message,${name},x`])
    expect(await pattern.next()).toEqual([`data: pmessage,${name},${name},x`])
  })

  test('keeps on one line what a channel with line breaks is called', async () => {
    const channel = freshChannel()
    const stream = await openPattern(`${channel}*`)
    await stream.next()
    await at.redis.publish(`${channel}\n\ndata: message,x,forged\r`, 'y')
    expect(await stream.next()).toEqual([`data: pmessage,${channel}*,${channel}  data: message,x,forged ,y`])
  })
})

describe("Upstash's client", () => {
  const client = () => {
    const { url, token } = at.gateway
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
    await at.untilNobodyListens(channel)
  })

  test('subscribes to patterns', async () => {
    const channel = freshChannel()
    const subscriber = client().psubscribe(`${channel}:*`)
    onTestFinished(() => subscriber.unsubscribe())
    expect(await new Promise((resolve) => subscriber.on('psubscribe', resolve))).toBe(1)
    const arrived = new Promise((resolve) => subscriber.on('pmessage', resolve))
    await client().publish(`${channel}:a-b`, { scores: [1, 2] })
    expect(await arrived).toEqual({
      ...{ pattern: `${channel}:*`, channel: `${channel}:a-b` },
      message: { scores: [1, 2] },
    })
  })

  test('reads JSON that was published on several lines', async () => {
    const channel = freshChannel()
    const subscriber = client().subscribe(channel)
    onTestFinished(() => subscriber.unsubscribe())
    await new Promise<number>((resolve) => subscriber.on('subscribe', resolve))
    const message = { label: 'two\nlines', scores: [1, 2] }
    const arrived = new Promise((resolve) => subscriber.on('message', resolve))
    await at.redis.publish(channel, JSON.stringify(message, null, 2))
    expect(await arrived).toEqual({ channel, message })
  })

  test('subscribes to channels with slashes and to several at once', async () => {
    const channels = [`${freshChannel()}/a/b`, freshChannel()]
    const subscriber = client().subscribe(channels)
    onTestFinished(() => subscriber.unsubscribe())
    const arrived = new Set<string>()
    const all = new Promise<void>((resolve) =>
      subscriber.on('message', ({ channel }) => {
        if (arrived.add(channel).size === channels.length) resolve()
      }),
    )
    for (const channel of channels) while ((await at.redis.publish(channel, '0')) === 0);
    await all
    expect([...arrived].sort()).toEqual([...channels].sort())
  })
})
