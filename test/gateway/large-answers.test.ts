import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'

/** Bytes; in base64 it is more than the system's buffers take of an answer that nobody reads. */
const LARGE = 20 * 2 ** 20

test('clients that do not read large answers keep nobody from theirs, and are cut off', async () => {
  const server = await ownRedis()
  // One may be unread, but not two.
  const gateway = await testGateway(server.url, { GATEWAY_MAX_UNREAD_BYTES: String(2 * LARGE) })
  onTestFinished(() => gateway.close())
  const redis = new Redis(server.url, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  await redis.mset('large', Buffer.alloc(LARGE), 'small', 'value')

  const idle: Socket[] = []
  for (const count of [1, 2, 3, 4]) {
    idle.push(await idleReader(gateway))
    while ((await getsRun(redis)) < count);
  }
  // Redis has the large ones' replies before those of the small ones.
  const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.post('/', ['GET', 'small'])))
  for (const answer of answers) expect(await answer.json()).toEqual({ result: 'value' })
  for (const socket of idle.slice(0, 2)) {
    const closed = once(socket, 'close')
    socket.resume()
    await closed
    expect(socket.bytesRead).toBeLessThan(LARGE)
  }
})

/** Asks for the large value and reads nothing of it. */
async function idleReader({ url, token }: TestGateway): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(
    `GET /get/large?_token=${token} HTTP/1.1\r\nHost: ${hostname}\r\nUpstash-Encoding: base64\r\n\r\n`,
  )
  return socket
}

/** How often Redis has run GET. */
async function getsRun(redis: Redis): Promise<number> {
  return Number(/cmdstat_get:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)
}
