import { once } from 'node:events'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { clientOfGateway } from './client-of-gateway.ts'

const at = clientOfGateway()

interface Listened {
  on(type: string, listener: (data: unknown) => void): void
  unsubscribe(): Promise<void>
}

/** What a subscriber is told, in order, once each time that it is asked for. */
function eventsOf(subscriber: Listened, ...types: string[]) {
  onTestFinished(() => subscriber.unsubscribe())
  const told: unknown[][] = []
  const news = new EventTarget()
  for (const type of types) {
    subscriber.on(type, (data) => {
      told.push([type, data])
      news.dispatchEvent(new Event('told'))
    })
  }
  return async (): Promise<unknown[] | undefined> => {
    while (told.length === 0) await once(news, 'told')
    return told.shift()
  }
}

function publisher(): Redis {
  const redis = new Redis(at.redisUrl, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  return redis
}

test('subscribers get what is published, by any client, as it was', async () => {
  const [client, redis] = [at.connect(), publisher()]
  const next = eventsOf(client.subscribe(['orders', 'with/slash']), 'subscribe', 'message')
  expect([await next(), await next()]).toEqual([
    ['subscribe', 1],
    ['subscribe', 1],
  ])
  expect(await client.publish('orders', { id: 7, text: 'grüße, 漢' })).toBe(1)
  expect(await next()).toEqual(['message', { channel: 'orders', message: { id: 7, text: 'grüße, 漢' } }])
  await redis.publish('with/slash', 'plain, text')
  expect(await next()).toEqual(['message', { channel: 'with/slash', message: 'plain, text' }])
})

test('listeners of one channel are told of that channel alone', async () => {
  const [client, redis] = [at.connect(), publisher()]
  const next = eventsOf(client.subscribe(['a', 'b']), 'subscribe', 'message:b')
  await Promise.all([next(), next()])
  await redis.publish('a', '1')
  await redis.publish('b', '2')
  expect(await next()).toEqual(['message:b', { channel: 'b', message: 2 }])
})

test('subscribers of a pattern get what is published to any channel of it', async () => {
  const [client, redis] = [at.connect(), publisher()]
  const next = eventsOf(client.psubscribe('user:*'), 'psubscribe', 'pmessage')
  expect(await next()).toEqual(['psubscribe', 1])
  await redis.publish('other:1', '0')
  await redis.publish('user:1', '{"name":"grüße, 漢"}')
  const message = { pattern: 'user:*', channel: 'user:1', message: { name: 'grüße, 漢' } }
  expect(await next()).toEqual(['pmessage', message])
})

test('subscribers of one channel, and of a pattern of it, get the same, each as its first', async () => {
  const [client, redis] = [at.connect(), publisher()]
  const [one, other] = [client.subscribe('room:7'), client.subscribe('room:7')]
  const pattern = client.psubscribe('room:*')
  const next = [
    eventsOf(one, 'subscribe', 'message'),
    eventsOf(other, 'subscribe', 'message'),
    eventsOf(pattern, 'psubscribe', 'pmessage'),
  ]
  const told = () => Promise.all(next.map((event) => event()))
  expect(await told()).toEqual([
    ['subscribe', 1],
    ['subscribe', 1],
    ['psubscribe', 1],
  ])
  await redis.publish('room:7', '"hello"')
  const message = { channel: 'room:7', message: 'hello' }
  expect(await told()).toEqual([
    ['message', message],
    ['message', message],
    ['pmessage', { pattern: 'room:*', ...message }],
  ])
})

test('who leaves one channel stays with the others, and Redis is left alone once nobody listens', async () => {
  const [client, redis] = [at.connect(), publisher()]
  const subscriber = client.subscribe(['left', 'kept'])
  const next = eventsOf(subscriber, 'subscribe', 'message')
  await Promise.all([next(), next()])
  await subscriber.unsubscribe(['left'])
  while ((await redis.publish('left', '1')) > 0);
  await redis.publish('kept', '2')
  expect(await next()).toEqual(['message', { channel: 'kept', message: 2 }])
})
