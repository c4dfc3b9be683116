import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { freshKeys, type TestGateway, testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { RawConnection } from '../support/raw-http.ts'

const MIB = 2 ** 20
const OTHER = 'token-of-somebody-else'
const TOKENS = JSON.stringify([{ name: 'other', token: OTHER }])

async function gatewayOf(redisUrl: string, limits: Record<string, string>): Promise<TestGateway> {
  const gateway = await testGateway(redisUrl, { GATEWAY_TOKENS: TOKENS, ...limits })
  onTestFinished(() => gateway.close())
  return gateway
}

test('bodies that do not come, of one token, keep no other token waiting', async () => {
  const key = freshKeys()
  const gateway = await gatewayOf(inject('redisUrl'), { GATEWAY_MAX_BODY_BYTES: String(2 * MIB) })
  const slow: RawConnection[] = []
  for (const _ of [1, 2, 3]) {
    const connection = await RawConnection.open(Number(new URL(gateway.url).port))
    const start = `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${gateway.token}\r\n`
    connection.send(`${start}Content-Length: ${MIB}\r\nExpect: 100-continue\r\n\r\n`)
    // It has come to its turn, or waits for it.
    await connection.untilReceived('100 Continue\r\n\r\n')
    slow.push(connection)
  }
  const own = { authorization: `Bearer ${OTHER}` }
  const answer = await gateway.post('/', ['SET', key('a'), 'a'.repeat(MIB / 2)], own)
  expect(await answer.json()).toEqual({ result: 'OK' })
  // Had it been waited for them, one would have been cut off.
  for (const connection of slow) expect(await connection.untilReceived('100 Continue')).not.toContain(' 408 ')
})

/** Bytes, which are more in base64. Both are more than the system's buffers take, and only `large` is more than a token's share. */
const VALUES = { large: 20 * MIB, medium: 12 * MIB }

test('answers that clients of one token do not read cost no other token its own', async () => {
  const server = await ownRedis()
  const gateway = await gatewayOf(server.url, { GATEWAY_MAX_UNREAD_BYTES: String(40 * MIB) })
  const redis = new Redis(server.url, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  for (const [name, bytes] of Object.entries(VALUES)) await redis.set(name, Buffer.alloc(bytes))

  const patient = await idleReader(gateway, OTHER, 'medium')
  await getsRun(redis, 1)
  const greedy = await idleReader(gateway, gateway.token, 'large')
  await getsRun(redis, 2)
  // Redis' answer to the first comes after that to the large one; to the second, when there is room again.
  const own = { authorization: `Bearer ${OTHER}` }
  for (const _ of [1, 2])
    expect(await (await gateway.post('/', ['GET', 'small'], own)).json()).toEqual({ result: null })

  const closed = once(greedy, 'close')
  greedy.resume()
  await closed
  expect(greedy.bytesRead).toBeLessThan(VALUES.large)
  const all = once(patient, 'close')
  patient.resume()
  await all
  expect(patient.bytesRead).toBeGreaterThan((VALUES.medium * 4) / 3)
})

/** Asks for a value and reads nothing of it, until it is told to. */
async function idleReader({ url }: TestGateway, token: string, key: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const headers = `Host: ${hostname}\r\nConnection: close\r\nUpstash-Encoding: base64\r\n`
  socket.write(`GET /get/${key}?_token=${token} HTTP/1.1\r\n${headers}\r\n`)
  return socket
}

/** Resolves once Redis has run GET so often. */
async function getsRun(redis: Redis, count: number): Promise<void> {
  const calls = /cmdstat_get:calls=(\d+)/
  while (Number(calls.exec(await redis.info('commandstats'))?.[1] ?? 0) < count);
}
