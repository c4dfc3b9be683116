import { type RedisConfigNodejs, Redis as UpstashRedis } from '@upstash/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { freshKeys, type TestGateway, testGateway } from '../support/gateway.ts'
import { startOwnRedis } from '../support/own-redis.ts'

/** The unchanged client of Upstash against our gateway: what edge code uses in production must work here as there. */
let gateway: TestGateway
/** Our own, because other files make the run's Redis forget its scripts. */
let redis: OwnRedis

beforeAll(async () => {
  redis = await startOwnRedis()
  gateway = await testGateway(redis.url)
})

afterAll(async () => {
  await gateway.close()
  await redis.stop()
})

type ClientOptions = Partial<RedisConfigNodejs>

function connect(options: ClientOptions = {}): UpstashRedis {
  const { url, token } = gateway
  return new UpstashRedis({ url, token, retry: false, enableTelemetry: false, ...options })
}

const MODES: [string, ClientOptions][] = [
  ['as it comes', {}],
  ['with auto-pipelining', { enableAutoPipelining: true }],
  ['without auto-pipelining', { enableAutoPipelining: false }],
  ['without base64', { responseEncoding: false }],
]

describe.each(MODES)('the client %s', (_, options) => {
  test('writes and reads strings', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.set(key('a'), 'one')).toBe('OK')
    expect(await client.get(key('a'))).toBe('one')
    expect(await client.get(key('missing'))).toBeNull()
    expect(await client.append(key('a'), ' two')).toBe(7)
    expect(await client.set(key('a'), 'other', { nx: true })).toBeNull()
    expect(await client.mget(key('a'), key('missing'))).toEqual(['one two', null])
    expect(await client.del(key('a'))).toBe(1)
    expect(await client.exists(key('a'))).toBe(0)
  })

  test('reads a value that looks like an answer or like base64 as it was written', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    for (const value of ['OK', 'PONG', 'T0s=', 'abcd', '']) {
      await client.set(key('a'), value)
      expect(await client.get(key('a'))).toBe(value)
      expect(await client.mget(key('a'))).toEqual([value])
    }
  })

  test('writes and reads text beyond ASCII, line feeds and zero bytes', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const text = 'grüße 漢字 😀 \u0000 \r\n "quoted" \\ \u2028'
    await client.set(key('ключ'), text)
    expect(await client.get(key('ключ'))).toBe(text)
    await client.hset(key('h'), { 漢: text })
    expect(await client.hget(key('h'), '漢')).toBe(text)
  })

  test('writes and reads 200 KB, as large as a tensor in base64', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const tensor = Buffer.from(Array.from({ length: 150_528 }, (_, i) => (i * 31) % 256)).toString('base64')
    expect(tensor).toHaveLength(200_704)
    await client.set(key('a'), tensor)
    expect(await client.get(key('a'))).toBe(tensor)
  })

  test('counts', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.incr(key('n'))).toBe(1)
    expect(await client.incrby(key('n'), 41)).toBe(42)
    expect(await client.get(key('n'))).toBe(42)
    expect(await client.set(key('f'), 1.5)).toBe('OK')
    expect(await client.get(key('f'))).toBe(1.5)
  })

  test('works with hashes', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.hset(key('h'), { name: 'beagle', count: 3 })).toBe(2)
    expect(await client.hget(key('h'), 'name')).toBe('beagle')
    expect(await client.hget(key('h'), 'missing')).toBeNull()
    expect(await client.hgetall(key('h'))).toEqual({ name: 'beagle', count: 3 })
    expect(await client.hgetall(key('missing'))).toBeNull()
    expect(await client.hincrby(key('h'), 'count', 2)).toBe(5)
    expect(await client.hdel(key('h'), 'name')).toBe(1)
    expect(await client.hkeys(key('h'))).toEqual(['count'])
  })

  test('works with lists', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.rpush(key('l'), 'a', 'b', 'c')).toBe(3)
    expect(await client.lrange(key('l'), 0, -1)).toEqual(['a', 'b', 'c'])
    expect(await client.lrange(key('missing'), 0, -1)).toEqual([])
    expect(await client.lpop(key('l'))).toBe('a')
    expect(await client.llen(key('l'))).toBe(2)
  })

  test('works with sets', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.sadd(key('s'), 'a', 'b', 'a')).toBe(2)
    expect((await client.smembers(key('s'))).toSorted()).toEqual(['a', 'b'])
    expect(await client.sismember(key('s'), 'b')).toBe(1)
    expect(await client.sismember(key('s'), 'c')).toBe(0)
  })

  test('works with sorted sets', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const members = [
      { score: 2, member: 'b' },
      { score: 1.5, member: 'a' },
    ] as const
    expect(await client.zadd(key('z'), ...members)).toBe(2)
    expect(await client.zrange(key('z'), 0, -1)).toEqual(['a', 'b'])
    expect(await client.zrange(key('z'), 0, -1, { withScores: true })).toEqual(['a', 1.5, 'b', 2])
    expect(await client.zrank(key('z'), 'b')).toBe(1)
    expect(await client.zrank(key('z'), 'missing')).toBeNull()
  })

  test('works with streams', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    expect(await client.xadd(key('x'), '1-1', { job: 'a', text: 'grüße' })).toBe('1-1')
    expect(await client.xadd(key('x'), '1-2', { job: 'b', text: 'OK' })).toBe('1-2')
    expect(await client.xrange(key('x'), '-', '+')).toEqual({
      '1-1': { job: 'a', text: 'grüße' },
      '1-2': { job: 'b', text: 'OK' },
    })
    expect(await client.xlen(key('x'))).toBe(2)
    expect(await client.xdel(key('x'), '1-1')).toBe(1)
  })

  test('sets and reads lifetimes', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    await client.set(key('a'), 'x', { ex: 100 })
    expect(await client.ttl(key('a'))).toBeGreaterThan(0)
    expect(await client.pexpire(key('a'), 500_000)).toBe(1)
    expect(await client.pttl(key('a'))).toBeGreaterThan(100_000)
    expect(await client.persist(key('a'))).toBe(1)
    expect(await client.ttl(key('a'))).toBe(-1)
    expect(await client.getex(key('a'), { ex: 50 })).toBe('x')
    expect(await client.ttl(key('a'))).toBeGreaterThan(0)
    expect(await client.expireat(key('a'), 1)).toBe(1)
    expect(await client.ttl(key('a'))).toBe(-2)
  })

  test('runs scripts, with nested answers', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const script = `redis.call('SET', KEYS[1], ARGV[1]) return {ARGV[1], 7, {'deep', {KEYS[1]}}, false}`
    expect(await client.eval(script, [key('a')], ['grüße'])).toEqual(['grüße', 7, ['deep', [key('a')]], null])
    expect(await client.get(key('a'))).toBe('grüße')
  })

  test('runs scripts by their hash, once they are loaded', async () => {
    const client = connect(options)
    const script = `return ARGV[1] -- ${crypto.randomUUID()}`
    const unknown = '0'.repeat(40)
    await expect(client.evalsha(unknown, [], ['x'])).rejects.toThrow('NOSCRIPT')
    const sha1 = await client.scriptLoad(script)
    expect(sha1).toMatch(/^[0-9a-f]{40}$/)
    expect(await client.scriptExists(sha1, unknown)).toEqual([1, 0])
    expect(await client.evalsha(sha1, [], ['by hash'])).toBe('by hash')
  })

  test('sends a script that Redis does not know yet by itself', async () => {
    const client = connect(options)
    const script = client.createScript<string>(`return ARGV[1] -- ${crypto.randomUUID()}`)
    expect(await script.exec([], ['first'])).toBe('first')
    expect(await client.scriptExists(script.sha1 ?? '')).toEqual([1])
    expect(await script.exec([], ['second'])).toBe('second')
  })

  test('sends pipelines, answered in order', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const pipeline = client.pipeline().set(key('a'), 'x').get(key('a')).incr(key('n')).hgetall(key('missing'))
    expect(await pipeline.exec()).toEqual(['OK', 'x', 1, null])
  })

  test('keeps an error in a pipeline to its own command', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const pipeline = client.pipeline().set(key('a'), 'x').lpush(key('a'), 'y').get(key('a'))
    const results = await pipeline.exec({ keepErrors: true })
    expect(results).toEqual([
      { result: 'OK', error: undefined },
      { result: undefined, error: expect.stringMatching(/^WRONGTYPE /) },
      { result: 'x', error: undefined },
    ])
  })

  test('sends transactions', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const transaction = client.multi().set(key('a'), 'grüße').get(key('a')).rpush(key('l'), 'x', 'y')
    expect(await transaction.exec()).toEqual(['OK', 'grüße', 2])
  })

  test('keeps an error in a transaction to its own command', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const transaction = client.multi().set(key('a'), 'x').lpush(key('a'), 'y').get(key('a'))
    const results = await transaction.exec({ keepErrors: true })
    expect(results).toEqual([
      { result: 'OK', error: undefined },
      { result: undefined, error: expect.stringMatching(/^WRONGTYPE /) },
      { result: 'x', error: undefined },
    ])
  })

  test('is told when Redis discards a transaction, and nothing of it was done', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    // A hash without fields is what Redis refuses before it begins.
    const transaction = client.multi().set(key('a'), 'x').hset(key('h'), {}).set(key('b'), 'y')
    await expect(transaction.exec()).rejects.toThrow('EXECABORT')
    expect(await client.exists(key('a'), key('b'))).toBe(0)
  })

  test('is told of an error by its word', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    await client.set(key('a'), 'x')
    await expect(client.lpush(key('a'), 'y')).rejects.toThrow('WRONGTYPE')
    await expect(client.eval(`return redis.error_reply('MYERROR told')`, [], [])).rejects.toThrow(
      'MYERROR told',
    )
    expect(await client.get(key('a'))).toBe('x')
  })

  test('sends many commands at once, each answered with its own', async () => {
    const [client, key] = [connect(options), freshKeys(redis.url)]
    const names = Array.from({ length: 50 }, (_, i) => `key-${i}`)
    await Promise.all(names.map((name) => client.set(key(name), `value of ${name}`)))
    const values = await Promise.all(names.map((name) => client.get(key(name))))
    expect(values).toEqual(names.map((name) => `value of ${name}`))
  })
})

test('a client that parses nothing gets strings', async () => {
  const [client, key] = [connect({ automaticDeserialization: false }), freshKeys(redis.url)]
  await client.set(key('a'), 42)
  await client.set(key('b'), { json: true })
  expect(await client.mget(key('a'), key('b'))).toEqual(['42', '{"json":true}'])
})

test('values that are JSON come back as they were', async () => {
  const [client, key] = [connect(), freshKeys(redis.url)]
  const value = { text: 'grüße', list: [1, 'two', null, { deep: true }], number: 1.5 }
  await client.set(key('a'), value)
  expect(await client.get(key('a'))).toEqual(value)
  await client.hset(key('h'), { value })
  expect(await client.hgetall(key('h'))).toEqual({ value })
})

test('a wrong token is an error, and nothing is done', async () => {
  const [client, key] = [connect(), freshKeys(redis.url)]
  const intruder = new UpstashRedis({
    url: gateway.url,
    token: gateway.token.slice(0, -1),
    retry: false,
  })
  await expect(intruder.set(key('a'), 'x')).rejects.toThrow('WRONGPASS')
  expect(await client.exists(key('a'))).toBe(0)
})
