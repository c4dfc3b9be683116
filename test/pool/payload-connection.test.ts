import type { Socket } from 'node:net'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { PayloadReader } from '../../worker-pool/redis/payload-reader.ts'
import { freshKeys } from '../support/gateway.ts'
import { ownRedis } from '../support/own-redis.ts'
import { BASE64, bytesOf, connectReader, connectWriter, placesOf, RAW } from '../support/payloads.ts'
import { selfSigned } from '../support/self-signed.ts'
import { type Carry, fakeRedis, tlsWayToRedis, wayToRedis } from '../support/way-to-redis.ts'

/** Resolves with why the connection was refused. */
async function refusalOf(connecting: Promise<unknown>): Promise<string> {
  const error = await connecting.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(RedisUnreachableError)
  return (error as Error).message
}

describe('logging in', () => {
  test('as a user, with a password of any characters, to any database', async () => {
    const [redis, key, user] = [connectWriter(), freshKeys(), `reader-${crypto.randomUUID()}`]
    const password = 'p@s:s/w %é'
    await redis.call('ACL', 'SETUSER', user, 'on', `>${password}`, '+get', '+select', '+ping', 'allkeys')
    onTestFinished(async () => void (await redis.call('ACL', 'DELUSER', user)))
    await redis.select(3)
    await redis.set(key('tensor'), bytesOf(48), 'EX', 60)
    const { host } = new URL(inject('redisUrl'))
    const reader = await connectReader(`redis://${user}:${encodeURIComponent(password)}@${host}/3`)
    expect(await reader.read([key('tensor')], placesOf(1, 48))).toEqual([RAW])
  })

  test('with a password where none is set', async () => {
    const { host } = new URL(inject('redisUrl'))
    const reader = await connectReader(`redis://:anything@${host}`)
    expect(await reader.read(['none'], placesOf(1, 48))).toEqual([{ kind: 'missing' }])
  })

  test.each([
    ['a wrong password', 'nobody:hunter2@', /^cannot reach Redis at 127\.0\.0\.1:\d+: WRONGPASS /],
    ['a database that is none', '', /: ERR (invalid DB|DB index)/, '/99999'],
  ])('%s is told, with where but without any secret', async (_, login, message, path = '') => {
    const { host } = new URL(inject('redisUrl'))
    const why = await refusalOf(PayloadReader.connect(`redis://${login}${host}${path}`))
    expect(why).toMatch(message)
    expect(why).not.toContain('hunter2')
  })

  test('a server that repeats what it does not know does not give the password away', async () => {
    const url = await fakeRedis(() => "-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n")
    const why = await refusalOf(PayloadReader.connect(url.replace('//', '//:hunter2@')))
    expect(why).toMatch(/: ERR unknown command 'AUTH'$/)
  })

  test('a Redis that is still loading its data', async () => {
    const url = await fakeRedis(() => '-LOADING Redis is loading the dataset in memory\r\n')
    expect(await refusalOf(PayloadReader.connect(url))).toMatch(/: LOADING /)
  })
})

describe('no Redis', () => {
  test('nobody listens', async () => {
    const port = await freePort()
    const why = await refusalOf(PayloadReader.connect(`redis://127.0.0.1:${port}`))
    expect(why).toMatch(/^cannot reach Redis at 127\.0\.0\.1:\d+: .*ECONNREFUSED/)
  })

  test('somebody else listens', async () => {
    const url = await fakeRedis(() => 'HTTP/1.1 400 Bad Request\r\n\r\n')
    expect(await refusalOf(PayloadReader.connect(url))).toMatch(/: it does not answer as Redis does/)
  })

  test('somebody listens and says nothing', async () => {
    const url = await fakeRedis(() => '')
    const why = await refusalOf(PayloadReader.connect(url, { connectMs: 20 }))
    expect(why).toMatch(/: it does not answer$/)
  })
})

describe('TLS', () => {
  test('to those who trust the certificate, and to nobody else', async () => {
    const [redis, key, { key: secret, cert }] = [connectWriter(), freshKeys(), await selfSigned()]
    const [raw, text] = [bytesOf(150_528, 1), bytesOf(150_528, 2)]
    await redis.mset(key('raw'), raw, key('base64'), text.toString('base64'))
    const url = await tlsWayToRedis(inject('redisUrl'), { key: secret, cert })
    const reader = await connectReader(url, { tls: { ca: cert } })
    const places = placesOf(20, 150_528)
    const keys = places.map((_, i) => key(i % 2 ? 'base64' : 'raw'))
    expect(await reader.read(keys, places)).toEqual(places.map((_, i) => (i % 2 ? BASE64 : RAW)))
    expect(places.every((place, i) => place.equals(i % 2 ? text : raw))).toBe(true)
    expect(await refusalOf(PayloadReader.connect(url))).toMatch(/self-signed certificate/)
  })
})

/** Hands on so many bytes on each connection in turn, then cuts it; those after the last are left alone. */
function cutAfter(...limits: number[]): Carry {
  const left = new Map<Socket, number>()
  return (client, data) => {
    const before = left.get(client) ?? limits.shift() ?? Number.POSITIVE_INFINITY
    left.set(client, before - data.length)
    client.write(data.subarray(0, before))
    if (data.length >= before) client.destroySoon()
  }
}

const PONGS = '+PONG\r\n'.length * 3

describe('a connection that is lost', () => {
  test.each([0, 1, 5, 8, 9, 30, 59, 60, 61, 70, 130])(
    'after %i bytes: the call may be repeated',
    async (bytes) => {
      const [redis, key] = [connectWriter(), freshKeys()]
      await redis.set(key('tensor'), bytesOf(50))
      const reader = await connectReader(await wayToRedis(inject('redisUrl'), cutAfter(PONGS + bytes)))
      const places = placesOf(70, 50)
      const keys = places.map(() => key('tensor'))
      const [first, second] = [reader.read(keys, places), reader.read(keys, placesOf(70, 50))]
      await expect(first).rejects.toThrow(RedisUnreachableError)
      await expect(second).rejects.toThrow(/^cannot reach Redis at 127\.0\.0\.1:\d+: ./)
      expect(await reader.read(keys, places)).toEqual(places.map(() => RAW))
      expect(places.every((place) => place.equals(bytesOf(50)))).toBe(true)
    },
  )

  test('while it is opened again', async () => {
    const reader = await connectReader(await wayToRedis(inject('redisUrl'), cutAfter(PONGS, 3, 10)))
    const read = () => reader.read(['none'], placesOf(1, 48))
    for (let i = 0; i < 3; i++) await expect(read()).rejects.toThrow(RedisUnreachableError)
    expect(await read()).toEqual([{ kind: 'missing' }])
  })

  test('with Redis itself, which comes back', async () => {
    const port = await freePort()
    const before = await ownRedis(port)
    const reader = await connectReader(before.url)
    const read = () => reader.read(['none'], placesOf(1, 48))
    expect(await read()).toEqual([{ kind: 'missing' }])
    await before.stop()
    await expect(read()).rejects.toThrow(RedisUnreachableError)
    await expect(read()).rejects.toThrow(/ECONNREFUSED/)
    await ownRedis(port)
    expect(await read()).toEqual([{ kind: 'missing' }])
  })
})

describe('a Redis that has let us in, and then', () => {
  const afterLogin = (reply: string) => fakeRedis((input) => (input.includes('PING') ? '+PONG\r\n' : reply))

  test('is silent in the middle of an answer: the call is given up', async () => {
    const reader = await connectReader(await afterLogin('$48\r\nabc'), { silenceMs: 20 })
    const reading = reader.read(['a'], placesOf(1, 48))
    await expect(reading).rejects.toThrow(/: it does not answer$/)
    await expect(reading).rejects.toThrow(RedisUnreachableError)
  })

  test.each([
    ['a value longer than it said', '$3\r\nabcdef\r\n'],
    ['a length that cannot be', '$99999999999\r\n'],
    ['another kind of reply', ':1\r\n'],
  ])('sends %s: the call is given up', async (_, reply) => {
    const reader = await connectReader(await afterLogin(reply))
    await expect(reader.read(['a'], placesOf(1, 48))).rejects.toThrow(/: it does not answer as Redis does: /)
  })

  test('sends an answer too many: it is not taken for that to the next call', async () => {
    const answers = ['$-1\r\n+X\r\n', `$48\r\n${'x'.repeat(48)}\r\n`]
    const url = await fakeRedis((input) => (input.includes('PING') ? '+PONG\r\n' : (answers.shift() ?? '')))
    const reader = await connectReader(url)
    expect(await reader.read(['a'], placesOf(1, 48))).toEqual([{ kind: 'missing' }])
    expect(await reader.read(['b'], placesOf(1, 48))).toEqual([RAW])
  })
})

describe('once it is closed', () => {
  test('calls under way and later ones are given up', async () => {
    const reader = await connectReader()
    const reading = reader.read(['none'], placesOf(1, 48))
    reader.close()
    await expect(reading).rejects.toThrow(RedisUnreachableError)
    await expect(reader.read(['none'], placesOf(1, 48))).rejects.toThrow(/the reader was closed$/)
  })
})
