import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { testGateway } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'

const TOKEN = 'token-of-database-one'
const RAW = { 'upstash-response-format': 'resp2' }

/** A Redis with a user, and what makes a token for him in a database. */
async function redisWithUser() {
  const server = await ownRedis()
  const redis = new Redis(server.url, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  await redis.acl('SETUSER', 'one', 'on', '>password', '~*', '+@all')
  const tokens = (database: number) => {
    const redis_url = `redis://one:password@${new URL(server.url).host}/${database}`
    return { GATEWAY_TOKENS: JSON.stringify([{ name: 'one', token: TOKEN, redis_url }]) }
  }
  return { server, redis, tokens }
}

test('a gateway does not start that Redis does not let into the database of a token', async () => {
  const { server, redis, tokens } = await redisWithUser()
  await expect(testGateway(server.url, tokens(99))).rejects.toThrow(
    /Redis at \S+ does not let us into database 99: ERR DB index is out of range; name one .* \(redis_url of "one" in GATEWAY_TOKENS\)/,
  )
  await redis.acl('SETUSER', 'one', '-select')
  await expect(testGateway(server.url, tokens(1))).rejects.toThrow(
    /into database 1: NOPERM .*; .* ACL SETUSER NAME \+select/,
  )
})

test('a token is for its database alone, though its user may not go there any more', async () => {
  const { server, redis, tokens } = await redisWithUser()
  await redis.set('key', 'of database 0')
  const gateway = await testGateway(server.url, tokens(1))
  onTestFinished(() => gateway.close())
  const get = (headers = {}) =>
    gateway.post('/', ['GET', 'key'], { authorization: `Bearer ${TOKEN}`, ...headers })
  expect(await (await get()).json()).toEqual({ result: null })

  await redis.acl('SETUSER', 'one', '-select')
  // It opens the connection for answers byte by byte.
  expect((await get(RAW)).status).toBe(503)
  await redis.call('CLIENT', 'KILL', 'USER', 'one')
  // Once it has tried again, and been refused on all three connections.
  const before = await selectsRefused(redis)
  while ((await selectsRefused(redis)) < before + 3);
  for (const headers of [{}, RAW]) expect((await get(headers)).status).toBe(503)

  await redis.acl('SETUSER', 'one', '+select')
  // It tries at its own pace; the test's time limit is all that bounds it.
  while ((await get()).status !== 200);
  while ((await get(RAW)).status !== 200);
  expect(await (await get()).json()).toEqual({ result: null })
})

async function selectsRefused(redis: Redis): Promise<number> {
  const statistics = await redis.info('commandstats')
  return Number(/cmdstat_select:.*rejected_calls=(\d+)/.exec(statistics)?.[1] ?? 0)
}
