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
