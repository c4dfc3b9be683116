import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { testGateway } from '../support/gateway.ts'
import { applyAcl, type RedisWithUsers, startRedisWithUsers } from '../support/redis-with-users.ts'

const keys = new RedisKeys('eb:')
const queue = keys.queue({ model: 'm', version: '1' })
const job = keys.job('m', 'id.m')

let redis: RedisWithUsers
beforeAll(async () => {
  redis = await startRedisWithUsers()
  await redis.owner.hset(keys.apiKeys(), 'abcdefghijkl', '{}')
  await redis.owner.hset(keys.models(), 'm@1', '{}')
  await redis.owner.hset(keys.workers(), 'pool', '{}')
  await redis.owner.set('foreign', 'kept')
  await redis.owner.hset(job, 'status', 'queued')
})
afterAll(() => redis?.stop())

function connectAs(role: RedisRole, url = redis.urls[role]): Redis {
  const connection = new Redis(url, { protocol: 2, disableClientInfo: true, retryStrategy: () => null })
  connection.on('error', () => {})
  onTestFinished(() => connection.disconnect())
  return connection
}

/** All there is, to see whether anything has changed. */
async function content() {
  const names = (await redis.owner.keys('*')).toSorted()
  return Promise.all(names.map(async (name) => [name, (await redis.owner.dumpBuffer(name)).toString('hex')]))
}

type Command = [name: string, ...args: string[]]

/** What nobody but Redis' owner may do, whatever keys it is about. */
const SERVER: Command[] = [
  ['FLUSHALL'],
  ['FLUSHDB'],
  ['KEYS', '*'],
  ['KEYS', 'eb:*'],
  ['SCAN', '0'],
  ['RANDOMKEY'],
  ['DBSIZE'],
  ['CONFIG', 'GET', '*'],
  ['CONFIG', 'SET', 'requirepass', ''],
  ['ACL', 'LIST'],
  ['ACL', 'SETUSER', 'default', 'nopass'],
  ['SCRIPT', 'FLUSH'],
  ['SCRIPT', 'KILL'],
  ['FUNCTION', 'FLUSH'],
  ['FUNCTION', 'LOAD', '#!lua name=x\n redis.register_function("x", function() end)'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'KILL', 'TYPE', 'normal'],
  ['CLIENT', 'PAUSE', '10000'],
  ['SHUTDOWN', 'NOSAVE'],
  ['SAVE'],
  ['BGREWRITEAOF'],
  ['REPLICAOF', '127.0.0.1', '1'],
  ['FAILOVER'],
  ['SLOWLOG', 'GET'],
  ['MEMORY', 'DOCTOR'],
  ['MODULE', 'LIST'],
  ['SELECT', '1'],
  ['SWAPDB', '0', '1'],
  ['MOVE', job, '1'],
  ['MIGRATE', '127.0.0.1', '1', job, '0', '10'],
  ['MONITOR'],
  ['PSUBSCRIBE', '*'],
]

/** What lies beside what is ours, and what is ours but of no concern to any part. */
const FOREIGN: Command[] = [
  ['GET', 'foreign'],
  ['SET', 'foreign', 'changed'],
  ['DEL', 'foreign'],
  ['RENAME', 'foreign', keys.input('m', 'id.m')],
  ['HGETALL', 'other:keys'],
  ['HGET', 'xeb:keys', 'abcdefghijkl'],
  ['HSET', 'eb:keys2', 'a', 'b'],
  ['XADD', 'other:{m}:queue:1:normal', '*', 'job', 'id'],
  ['SET', 'eb:anything', 'else'],
  ['PUBLISH', 'other:{m}:done:id', 'message'],
  ['PUBLISH', 'eb:anything', 'message'],
  ['SUBSCRIBE', 'other:{m}:done:id'],
]

/** API keys, of which the edge may look one up. */
const API_KEYS: Command[] = [
  ['HGETALL', keys.apiKeys()],
  ['HKEYS', keys.apiKeys()],
  ['HSCAN', keys.apiKeys(), '0'],
  ['HSET', keys.apiKeys(), 'abcdefghijkl', '{"admin":true}'],
  ['HSETNX', keys.apiKeys(), 'mnopqrstuvwx', '{}'],
  ['HDEL', keys.apiKeys(), 'abcdefghijkl'],
  ['DEL', keys.apiKeys()],
  ['RENAME', keys.apiKeys(), job],
  ['RENAME', job, keys.apiKeys()],
  ['PEXPIRE', keys.apiKeys(), '1'],
  ['EXISTS', keys.apiKeys()],
]

const OF_ROLE: Record<RedisRole, Command[]> = {
  edge: [
    ...API_KEYS,
    ['HSET', keys.models(), 'm@1', 'forged'],
    ['HDEL', keys.models(), 'm@1'],
    ['HSET', keys.workers(), 'pool', 'forged'],
    ['DEL', keys.workers()],
    ['SET', keys.webhookOff('0'), '1'],
    ['ZRANGE', keys.webhooks(), '0', '-1'],
    ['XREADGROUP', 'GROUP', 'pool', 'me', 'STREAMS', queue, '>'],
    ['XGROUP', 'DESTROY', queue, 'pool'],
    ['XAUTOCLAIM', queue, 'pool', 'me', '0', '0'],
  ],
  pool: [
    ...API_KEYS,
    ['HGET', keys.apiKeys(), 'abcdefghijkl'],
    ['SET', keys.rate('abcdefghijkl'), '0'],
    ['GET', keys.idempotency('0')],
    ['GET', keys.batch('m', 'batch_id.m')],
    ['XRANGE', keys.history(), '-', '+'],
    ['XGROUP', 'DESTROY', queue, 'pool'],
    ['SUBSCRIBE', keys.done('m', 'id.m')],
  ],
  admin: [
    ['HSET', keys.models(), 'm@1', 'forged'],
    ['HDEL', keys.workers(), 'pool'],
    ['XADD', keys.history(), '*', 'snapshot', 'forged'],
    ['GET', keys.idempotency('0')],
    ['GET', keys.batch('m', 'batch_id.m')],
    ['SET', keys.rate('abcdefghijkl'), '0'],
    ['ZRANGE', keys.webhooks(), '0', '-1'],
    ['XREADGROUP', 'GROUP', 'pool', 'me', 'STREAMS', queue, '>'],
    ['SUBSCRIBE', keys.done('m', 'id.m')],
  ],
}

/** Redis' words: a command that the caller may not run, a key that it may not touch, or a command that no script may run. */
const REFUSED_IN_SCRIPT =
  /The user executing the script can't (run this command|access at least one of the keys|publish)|not allowed from script|NOPERM/

/** Who looks for dead letters looks through the names of all keys. */
const mayScan = (role: RedisRole) => role === 'admin'

const commandsOf = (role: RedisRole) =>
  [...SERVER, ...FOREIGN, ...OF_ROLE[role]].filter(([name]) => name !== 'SCAN' || !mayScan(role))

test.each(REDIS_ROLES)('what %s may not do is refused, and changes nothing', async (role) => {
  const [connection, before] = [connectAs(role), await content()]
  for (const command of commandsOf(role))
    await expect(connection.call(...command), command.join(' ')).rejects.toThrow(/^NOPERM /)
  expect(await content()).toEqual(before)
})

test.each(REDIS_ROLES)('nor may %s do it inside of scripts, whether they name keys or not', async (role) => {
  const [connection, before] = [connectAs(role), await content()]
  for (const [name, ...args] of commandsOf(role)) {
    for (const named of [[], [keys.apiKeys()]]) {
      const run = connection.eval('return redis.call(unpack(ARGV))', named.length, ...named, name, ...args)
      await expect(run, `${name} ${args.join(' ')}`).rejects.toThrow(REFUSED_IN_SCRIPT)
    }
  }
  await expect(connection.eval('return 1', 1, 'foreign')).rejects.toThrow(/^NOPERM /)
  expect(await content()).toEqual(before)
})

test('what the edge may not do, whoever has the token of its gateway may not, either', async () => {
  const gateway = await testGateway(redis.urls.edge)
  onTestFinished(() => gateway.close())
  const before = await content()
  for (const command of commandsOf('edge')) {
    const answer = await gateway.post('/', command)
    expect([command, answer.status]).toEqual([command, 400])
    expect(await answer.json()).toEqual({
      error: expect.stringMatching(/^(NOPERM |ERR Command is not available)/),
    })
    const script = await gateway.post('/', ['EVAL', 'return redis.call(unpack(ARGV))', '0', ...command])
    expect([command, script.status]).toEqual([command, 400])
  }
  const channel = await fetch(`${gateway.url}/subscribe/other`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  })
  expect([channel.status, await channel.json()]).toEqual([400, { error: expect.stringMatching(/^NOPERM /) }])
  expect(await content()).toEqual(before)
})

test('the edge finds an API key by its id', async () => {
  expect(await connectAs('edge').hget(keys.apiKeys(), 'abcdefghijkl')).toBe('{}')
})

test('a user that is made anew has another password; the old one lets nobody in, and who is in can be put out', async () => {
  const stolen = redis.urls.edge
  const inside = connectAs('edge', stolen)
  expect(await inside.ping()).toBe('PONG')
  const { edge: fresh = '' } = await applyAcl(redis.owner, stolen, '--only', 'edge')
  redis.urls.edge = fresh
  await redis.owner.client('KILL', 'USER', 'edgebatch-edge')
  await expect(inside.ping()).rejects.toThrow()
  await expect(connectAs('edge', stolen).ping()).rejects.toThrow()
  expect(await connectAs('edge').ping()).toBe('PONG')
  expect(await connectAs('pool').ping()).toBe('PONG')
})
