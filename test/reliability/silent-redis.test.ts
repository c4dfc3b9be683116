import { once } from 'node:events'
import { expect, inject, onTestFinished, test } from 'vitest'
import { connectGatewayRedis, GatewayRedis } from '../../gateway/redis.ts'
import { RedisAway } from '../../gateway/redis-errors.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { freshKeys } from '../support/gateway.ts'
import { SwitchedWay } from '../support/switched-way.ts'

/** How long a connection may owe an answer here. */
const SILENCE_MS = 1_000

const SET = { name: 'set', source: `return redis.call('SET', KEYS[1], '1')` }

async function wayToRedis(): Promise<{ way: SwitchedWay; url: string }> {
  const way = await SwitchedWay.to(Number(new URL(inject('redisUrl')).port))
  return { way, url: `redis://127.0.0.1:${way.port}` }
}

test('a pool gives up a connection on which Redis has gone silent, and asks again on another what it had asked', async () => {
  const { way, url } = await wayToRedis()
  const key = freshKeys()
  const interrupted = Promise.withResolvers<string>()
  const redis = await RedisTcp.connect(url, interrupted.resolve, SILENCE_MS)
  onTestFinished(() => redis.close())
  expect(await redis.run(SET, [key('a')], [])).toBe('OK')

  await way.switch('silent')
  const owed = redis.run(SET, [key('b')], [])
  await interrupted.promise
  await way.switch('open')
  expect(await owed).toBe('OK')
})

test('the gateway gives up a connection on which Redis has gone silent, says so to who asked, and finds another', async () => {
  const { way, url } = await wayToRedis()
  const connection = connectGatewayRedis(url, SILENCE_MS)
  connection.on('error', () => {})
  onTestFinished(() => connection.disconnect())
  await connection.connect()
  const redis = new GatewayRedis(connection)
  expect(await Promise.all(redis.send([['PING']]))).toEqual([{ reply: expect.anything() }])

  await way.switch('silent')
  await expect(Promise.all(redis.send([['PING']]))).rejects.toThrow(RedisAway)
  await expect(redis.multi([['PING']])).rejects.toThrow(RedisAway)
  const back = once(connection, 'ready')
  await way.switch('open')
  await back
  expect(await Promise.all(redis.send([['PING']]))).toEqual([{ reply: expect.anything() }])
})
