import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { startOwnRedis } from '../support/own-redis.ts'

/** In base64 more than the system's buffers take of an answer that nobody reads. */
const LARGE = Buffer.alloc(20 * 2 ** 20, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))

let server: OwnRedis
let gateway: TestGateway

beforeAll(async () => {
  server = await startOwnRedis()
  gateway = await testGateway(server.url, { GATEWAY_MAX_UNREAD_BYTES: String(2 ** 20) })
  const redis = new Redis(server.url, { protocol: 2 })
  await redis.mset('large', LARGE, 'small', 'value')
  redis.disconnect()
})

afterAll(async () => {
  await gateway.close()
  await server.stop()
})

/** Asks for the large value and reads nothing of it. */
async function idleReader(): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(
    `GET /get/large?_token=${gateway.token} HTTP/1.1\r\nHost: ${hostname}\r\nUpstash-Encoding: base64\r\n\r\n`,
  )
  return socket
}

test('clients that do not read large answers keep nobody from theirs, and are cut off', async () => {
  const idle = await Promise.all(Array.from({ length: 4 }, idleReader))
  const small = await Promise.all(Array.from({ length: 20 }, () => gateway.post('/', ['GET', 'small'])))
  for (const answer of small) expect(await answer.json()).toEqual({ result: 'value' })
  const { result } = (await (
    await gateway.post('/', ['GET', 'large'], { 'Upstash-Encoding': 'base64' })
  ).json()) as { result: string }
  expect(Buffer.from(result, 'base64').equals(LARGE)).toBe(true)
  for (const socket of idle) {
    const closed = once(socket, 'close')
    socket.resume()
    await closed
    expect(socket.bytesRead).toBeLessThan(LARGE.length)
  }
})
