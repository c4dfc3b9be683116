import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { EventStream } from '../../gateway/event-stream.ts'
import { HEARTBEAT_MS, OpenStreams } from '../../gateway/open-streams.ts'
import { connectGatewayRedis } from '../../gateway/redis.ts'
import { Subscriptions } from '../../gateway/subscriptions.ts'
import { openStream } from '../support/event-stream.ts'
import { HandClock } from '../support/hand-clock.ts'
import { wayToRedis } from '../support/way-to-redis.ts'

/** Streams without the rest of the gateway, so that the test owns their time. */
async function streamsOf(redisUrl: string, max = 10) {
  const redis = connectGatewayRedis(redisUrl)
  redis.on('error', () => {})
  await redis.connect()
  const clock = new HandClock()
  const subscriptions = new Subscriptions(redis)
  const streams = new OpenStreams({ max, maxPerToken: max, clock })
  const ended = streams.keepAlive(() => subscriptions.probe())
  const add = async (name: string, response: ServerResponse) => {
    const stream = new EventStream(response)
    streams.admit(stream, 'token')
    await subscriptions.add('subscribe', name, stream)
  }
  const server = createServer((request, response) => add(request.url as string, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    streams.end()
    await ended
    redis.disconnect()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { clock, add, streams, open: (channel: string) => openStream({ url, token: '' }, channel) }
}

test('each stream carries a comment every 15 seconds', async () => {
  const { clock, open } = await streamsOf(inject('redisUrl'))
  const streams = await Promise.all([open('/a'), open('/a'), open('/b')])
  for (const stream of streams) await stream.next()
  for (let beat = 0; beat < 3; beat++) {
    clock.pass(HEARTBEAT_MS)
    for (const stream of streams) expect(await stream.next()).toEqual([': heartbeat'])
  }
})

test('a client that has gone before its stream was added takes no place', async () => {
  const { add, streams, open } = await streamsOf(inject('redisUrl'), 1)
  const added = Promise.withResolvers<void>()
  const server = createServer(async (_, response) => {
    response.destroy()
    await once(response, 'close')
    await add('/gone', response)
    added.resolve()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow()
  await added.promise
  expect(streams.count).toBe(0)
  expect(await (await open('/a')).next()).toEqual(['data: subscribe,/a,1'])
})

test('a Redis that has fallen silent is noticed although nothing is asked of it: streams end', async () => {
  let silent = false
  const carry = (client: Socket, data: Buffer) => void (silent || client.write(data))
  const { clock, open } = await streamsOf(await wayToRedis(inject('redisUrl'), carry))
  const stream = await open('/a')
  expect(await stream.next()).toEqual(['data: subscribe,/a,1'])
  silent = true
  clock.pass(HEARTBEAT_MS)
  expect(await stream.next()).toEqual([': heartbeat'])
  // The connection gives up in its own time, 10 seconds.
  expect(await stream.next()).toBeUndefined()
})

test('a message that comes in one piece with the acknowledgement is not missed, and comes after it', async () => {
  let held: Buffer = Buffer.alloc(0)
  const carry = (client: Socket, data: Buffer) => {
    held = Buffer.concat([held, data])
    if (held.includes('\r\nsubscribe\r\n') && !held.includes('\r\nmessage\r\n')) return
    client.write(held)
    held = Buffer.alloc(0)
  }
  const { open } = await streamsOf(await wayToRedis(inject('redisUrl'), carry))
  const channel = `/${crypto.randomUUID()}`
  const opening = open(channel)
  const redis = new Redis(inject('redisUrl'), { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  while ((await redis.publish(channel, 'early')) === 0);
  const stream = await opening
  expect(await stream.next()).toEqual([`data: subscribe,${channel},1`])
  expect(await stream.next()).toEqual([`data: message,${channel},early`])
})
