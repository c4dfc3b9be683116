import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'

async function gatewayOf(redis: OwnRedis): Promise<TestGateway> {
  const gateway = await testGateway(redis.url)
  onTestFinished(() => gateway.close())
  return gateway
}

const REQUESTS: [string, unknown][] = [
  ['/', ['PING']],
  ['/pipeline', [['PING'], ['PING']]],
  ['/multi-exec', [['PING'], ['PING']]],
]

async function expectAway(answer: Promise<Response>): Promise<void> {
  const response = await answer
  expect(response.status).toBe(503)
  expect(await response.json()).toEqual({ error: 'ERR Redis cannot be reached' })
}

test('while Redis is away every request is 503, and once it is back all is well', async () => {
  const redis = await ownRedis()
  const gateway = await gatewayOf(redis)
  expect((await gateway.post('/', ['PING'])).status).toBe(200)
  // To ioredis a QUIT, after which it would not connect again.
  expect((await gateway.post('/', ['constructor'])).status).toBe(400)

  await redis.stop()
  for (const [path, body] of REQUESTS) await expectAway(gateway.post(path, body))
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200)

  await ownRedis(Number(new URL(redis.url).port))
  // The gateway tries to reconnect at its own pace; the test's time limit is all that bounds it.
  while ((await gateway.post('/', ['PING'])).status !== 200);
  for (const [path, body] of REQUESTS) expect((await gateway.post(path, body)).status).toBe(200)
})

test.each([
  ['/', ['EVAL', 'while true do end', 0]],
  ['/pipeline', [['PING'], ['EVAL', 'while true do end', 0]]],
  ['/multi-exec', [['PING'], ['EVAL', 'while true do end', 0]]],
])('what %s was doing when Redis went away is answered 503', async (path, endless) => {
  const redis = await ownRedis()
  const gateway = await gatewayOf(redis)
  const admin = new Redis(redis.url, { protocol: 2, retryStrategy: () => null })
  // Its answer is that the connection ends.
  const shutdown = async () => {
    await admin.call('SHUTDOWN', 'NOSAVE').catch(() => {})
  }
  onTestFinished(shutdown)
  // After so many milliseconds in a script, Redis says BUSY to others: then we know that ours has begun.
  await admin.config('SET', 'lua-time-limit', 1)

  const answer = gateway.post(path, endless)
  while (!(await isBusy(admin)));
  await shutdown()
  await expectAway(answer)
  expect(await redis.endedByItself).toContain('redis-server ended')
})

async function isBusy(redis: Redis): Promise<boolean> {
  return redis.ping().then(
    () => false,
    (error: Error) => {
      if (error.message.startsWith('BUSY')) return true
      throw error
    },
  )
}

test('a gateway that is told to stop while Redis is away ends well', async () => {
  const redis = await ownRedis()
  const gateway = await gatewayOf(redis)
  await redis.stop()
  await expectAway(gateway.post('/', ['PING']))
  process.kill(gateway.service.pid, 'SIGTERM')
  expect(await gateway.service.endedByItself).toContain('gateway ended (exit 0)')
})

test('a gateway that finds no Redis does not start, and says where it looked and what to do', async () => {
  const port = await freePort()
  await expect(testGateway(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(
    `gateway: cannot reach Redis at 127.0.0.1:${port}; start Redis, or correct REDIS_URL`,
  )
})
