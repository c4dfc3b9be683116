import { once } from 'node:events'
import { connect } from 'node:net'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { openStream } from '../support/event-stream.ts'
import { testGateway } from '../support/gateway.ts'
import { freshChannel, listenedGateway } from '../support/listened-gateway.ts'
import { ownRedis } from '../support/own-redis.ts'

const at = listenedGateway()

test('a reader that reads nothing is cut off, and others do not notice', async () => {
  const channel = freshChannel()
  const { hostname, port } = new URL(at.gateway.url)
  const slow = connect(Number(port), hostname)
  onTestFinished(() => void slow.destroy())
  slow.pause()
  slow.on('error', () => {})
  const authorization = `authorization: Bearer ${at.gateway.token}`
  slow.write(`GET /subscribe/${channel} HTTP/1.1\r\nhost: gateway\r\n${authorization}\r\n\r\n`)
  while ((await at.listeners(channel)) === 0);
  const other = freshChannel()
  const good = await at.open(other)
  await good.next()
  const large = 'x'.repeat(64 * 1024)
  // What the two machines' own buffers take is beyond us; after that it is one MiB.
  while ((await at.redis.publish(channel, large)) > 0) {
    await at.redis.publish(other, large)
    expect(await good.next()).toEqual([`data: message,${other},${large}`])
  }
  expect(await at.redis.pubsub('CHANNELS', channel)).toEqual([])
})

test('a client that closes its half of the connection is freed at once', async () => {
  const channel = freshChannel()
  const { hostname, port } = new URL(at.gateway.url)
  const client = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  onTestFinished(() => void client.destroy())
  client.resume()
  const authorization = `authorization: Bearer ${at.gateway.token}`
  client.write(`GET /subscribe/${channel} HTTP/1.1\r\nhost: gateway\r\n${authorization}\r\n\r\n`)
  while ((await at.listeners(channel)) === 0);
  client.end()
  await once(client, 'end')
  await at.untilNobodyListens(channel)
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
  const stopped = await testGateway(at.server.url)
  onTestFinished(() => stopped.close())
  const channel = freshChannel()
  const response = await fetch(`${stopped.url}/subscribe/${channel}`, {
    headers: { authorization: `Bearer ${stopped.token}` },
  })
  process.kill(stopped.service.pid, 'SIGTERM')
  // Rejects if the connection is cut instead, which is what happens to answers that take too long.
  expect(await response.text()).toBe(`data: subscribe,${channel},1\n\n`)
  expect(await stopped.service.endedByItself).toContain('gateway ended (exit 0)')
  expect(await at.listeners(channel)).toBe(0)
})
