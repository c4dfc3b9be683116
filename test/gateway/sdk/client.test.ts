import { Redis as UpstashRedis } from '@upstash/redis'
import { describe, expect, test } from 'vitest'
import { freshKeys } from '../../support/gateway.ts'
import { clientOfGateway } from './client-of-gateway.ts'
import { WAYS } from './ways.ts'

/** What the tables of calls cannot say: much at once, what is large, what is refused, what the client does by itself. */
const at = clientOfGateway()

const MODES = WAYS.filter(({ name }) => !name.startsWith('in a ')).map(({ name, options }) => ({
  name,
  options,
}))

describe.each(MODES)('the client $name', ({ options }) => {
  test('writes and reads 200 KB, as large as a tensor in base64', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    const tensor = Buffer.from(Array.from({ length: 150_528 }, (_, i) => (i * 31) % 256)).toString('base64')
    expect(tensor).toHaveLength(200_704)
    await client.set(key('a'), tensor)
    expect(await client.get(key('a'))).toBe(tensor)
  })

  test('sends many commands at once, each answered with its own', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    const names = Array.from({ length: 50 }, (_, i) => `key-${i}`)
    await Promise.all(names.map((name) => client.set(key(name), `value of ${name}`)))
    const values = await Promise.all(names.map((name) => client.get(key(name))))
    expect(values).toEqual(names.map((name) => `value of ${name}`))
  })

  test('walks through all keys with a cursor', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    const names = Array.from({ length: 300 }, (_, i) => key(`walk ${i}`))
    await client.mset(Object.fromEntries(names.map((name) => [name, 1])))
    const found = new Set<string>()
    let cursor = '0'
    do {
      const [next, some] = await client.scan(cursor, { match: key('walk *'), count: 50 })
      for (const name of some) found.add(name)
      cursor = next
    } while (cursor !== '0')
    expect([...found].toSorted()).toEqual(names.toSorted())
  })

  test('walks through a hash, a set and a sorted set with a cursor', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    const names = Array.from({ length: 700 }, (_, i) => `member ${i}`)
    const [first = '', ...others] = names
    await client.hset(key('h'), Object.fromEntries(names.map((name) => [name, 'x'])))
    await client.sadd(key('s'), first, ...others)
    await client.zadd(
      key('z'),
      { score: 1, member: first },
      ...others.map((member) => ({ score: 1, member })),
    )
    const walks = { h: client.hscan, s: client.sscan, z: client.zscan }
    for (const [name, scan] of Object.entries(walks)) {
      const found = new Set<unknown>()
      let cursor: string | number = 0
      do {
        const [next, some]: [string, unknown[]] = await scan(key(name), cursor, { count: 100 })
        for (const member of some) found.add(member)
        cursor = next
      } while (cursor !== '0')
      expect(names.filter((member) => !found.has(member))).toEqual([])
    }
  })

  test('sends a script that Redis does not know yet by itself', async () => {
    const client = at.connect(options)
    const script = client.createScript<string>(`return ARGV[1] -- ${crypto.randomUUID()}`)
    expect(await script.exec([], ['first'])).toBe('first')
    expect(await client.scriptExists(script.sha1 ?? '')).toEqual([1])
    expect(await script.exec([], ['second'])).toBe('second')
    const readOnly = client.createScript<string, true>(`return ARGV[1] -- ${crypto.randomUUID()}`, {
      readonly: true,
    })
    expect(await readOnly.exec([], ['third'])).toBe('third')
  })

  test('is told when Redis discards a transaction, and nothing of it was done', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    // A hash without fields is what Redis refuses before it begins.
    const transaction = client.multi().set(key('a'), 'x').hset(key('h'), {}).set(key('b'), 'y')
    await expect(transaction.exec()).rejects.toThrow('EXECABORT')
    expect(await client.exists(key('a'), key('b'))).toBe(0)
  })

  test('has a key copied onto itself answered as Upstash does, and not as an error', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    await client.set(key('a'), 'x')
    expect(await client.copy(key('a'), key('a'))).toBe('NOT_COPIED')
    expect(await client.get(key('a'))).toBe('x')
  })

  test('is told the types of the keys that it scans, where it asks for them', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    await client.set(key('s'), 'x')
    await client.rpush(key('l'), 'x')
    const [cursor, found] = await client.scan(0, { match: key('*'), count: 10_000, withType: true })
    expect(cursor).toBe('0')
    expect(found.toSorted((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: key('l'), type: 'list' },
      { key: key('s'), type: 'string' },
    ])
  })

  test('fails in the call alone that Redis refuses, of those at once', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    await client.set(key('a'), 'x')
    const outcomes = await Promise.allSettled([
      client.append(key('a'), 'y'),
      client.lpush(key('a'), 'y'),
      client.evalsha('0'.repeat(40), [], []),
      client.incr(key('n')),
    ])
    const told = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : /WRONGTYPE|NOSCRIPT/.exec(String(outcome.reason))?.[0],
    )
    expect(told).toEqual([2, 'WRONGTYPE', 'NOSCRIPT', 1])
  })

  test('is told of an error by its word, and goes on', async () => {
    const [client, key] = [at.connect(options), freshKeys(at.redisUrl)]
    await client.set(key('a'), 'x')
    await expect(client.lpush(key('a'), 'y')).rejects.toThrow('WRONGTYPE')
    expect(await client.get(key('a'))).toBe('x')
  })
})

test('a client that parses nothing gets strings', async () => {
  const [client, key] = [at.connect({ automaticDeserialization: false }), freshKeys(at.redisUrl)]
  await client.set(key('a'), 42)
  await client.set(key('b'), { json: true })
  expect(await client.mget(key('a'), key('b'))).toEqual(['42', '{"json":true}'])
})

test('a client that does not wait for its own writes is served too', async () => {
  const [client, key] = [at.connect({ readYourWrites: false }), freshKeys(at.redisUrl)]
  await client.set(key('a'), 'x')
  expect(await client.get(key('a'))).toBe('x')
})

test('a wrong token is an error, and nothing is done', async () => {
  const [client, key] = [at.connect(), freshKeys(at.redisUrl)]
  const intruder = new UpstashRedis({
    url: at.gateway.url,
    token: at.gateway.token.slice(0, -1),
    retry: false,
  })
  await expect(intruder.set(key('a'), 'x')).rejects.toThrow('WRONGPASS')
  expect(await client.exists(key('a'))).toBe(0)
})
