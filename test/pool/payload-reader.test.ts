import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { RedisReplyError } from '../../shared/redis-commands.ts'
import { base64Length } from '../../worker-pool/redis/base64-into.ts'
import { freshKeys } from '../support/gateway.ts'
import { BASE64, bytesOf, connectReader, connectWriter, MISSING, placesOf, RAW } from '../support/payloads.ts'

describe('what becomes of a key', () => {
  // One length for each way in which base64 is padded, and one that takes several reads.
  test.each([48, 49, 50, 150_528])('a tensor of %i bytes, raw and as base64', async (length) => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    const [one, two] = [bytesOf(length, 1), bytesOf(length, 2)]
    await redis.mset(key('raw'), one, key('base64'), two.toString('base64'))
    const places = placesOf(3, length)
    const outcomes = await reader.read([key('raw'), key('base64'), key('raw')], places)
    expect(outcomes).toEqual([RAW, BASE64, RAW])
    expect([one, two, one].map((bytes, i) => bytes.equals(places[i] as Buffer))).toEqual([true, true, true])
  })

  test('none, empty, of another type, of another length: each is told, and the next one is read', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.mset(key('empty'), '', key('tensor'), bytesOf(48), key('photo'), bytesOf(70_000))
    await redis.rpush(key('list'), 'x')
    const places = placesOf(6, 48)
    const keys = ['none', 'empty', 'list', 'photo', 'none', 'tensor'].map(key)
    expect(await reader.read(keys, places)).toEqual([
      MISSING,
      { kind: 'other', bytes: new Uint8Array(0) },
      MISSING,
      { kind: 'other', bytes: Uint8Array.from(bytesOf(70_000)) },
      MISSING,
      RAW,
    ])
    expect(places[5]).toEqual(bytesOf(48))
  })

  test('of the length of base64 but none: as it is stored', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    const stored = bytesOf(base64Length(48))
    await redis.set(key('photo'), stored)
    const outcomes = await reader.read([key('photo')], placesOf(1, 48))
    expect(outcomes).toEqual([{ kind: 'other', bytes: Uint8Array.from(stored) }])
  })

  test('without a place: as it is stored, though it be just as long as a tensor', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.set(key('photo'), bytesOf(48))
    const places = [Buffer.alloc(48), undefined]
    const outcomes = await reader.read([key('photo'), key('photo')], places)
    expect(outcomes).toEqual([RAW, { kind: 'other', bytes: Uint8Array.from(bytesOf(48)) }])
  })

  test('too long: read over, and the next one is read', async () => {
    const [reader, redis, key] = [
      await connectReader(undefined, { longestOther: 99_999 }),
      connectWriter(),
      freshKeys(),
    ]
    await redis.mset(key('long'), bytesOf(100_000), key('tensor'), bytesOf(48))
    const outcomes = await reader.read([key('long'), key('tensor')], placesOf(2, 48))
    expect(outcomes).toEqual([{ kind: 'too-long', length: 100_000 }, RAW])
  })

  test('a name that is no ASCII', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.set(key('größe'), bytesOf(48))
    expect(await reader.read([key('größe'), key('größe')], placesOf(2, 48))).toEqual([RAW, RAW])
  })
})

describe('places', () => {
  test('what lies beside them is left as it is', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.mset(key('raw'), bytesOf(50), key('base64'), bytesOf(50).toString('base64'))
    const memory = new Uint8Array(200).fill(0xee)
    await reader.read([key('base64'), key('raw')], [memory.subarray(20, 70), memory.subarray(71, 121)])
    const around = Buffer.alloc(80, 0xee)
    const expected = [
      around.subarray(0, 20),
      bytesOf(50),
      around.subarray(0, 1),
      bytesOf(50),
      around.subarray(1),
    ]
    expect(Buffer.concat(expected).subarray(0, 200).equals(memory)).toBe(true)
  })

  test('may lie in memory that is shared with another thread', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.mset(key('raw'), bytesOf(50), key('base64'), bytesOf(50).toString('base64'))
    const memory = new Uint8Array(new SharedArrayBuffer(100))
    const outcomes = await reader.read(
      [key('raw'), key('base64')],
      [memory.subarray(0, 50), memory.subarray(50)],
    )
    expect(outcomes).toEqual([RAW, BASE64])
    expect(Buffer.compare(Buffer.concat([bytesOf(50), bytesOf(50)]), memory)).toBe(0)
  })

  test('there must be one for each key', async () => {
    const reader = await connectReader()
    await expect(reader.read(['a', 'b'], placesOf(1, 48))).rejects.toThrow(RangeError)
    expect(await reader.read([], [])).toEqual([])
  })
})

describe('calls that overlap', () => {
  test('each gets its own answers, more than are asked for at once', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    const tensors = Array.from({ length: 150 }, (_, i) => bytesOf(600, i))
    for (const [i, tensor] of tensors.entries()) {
      await redis.set(key(`${i}`), i % 2 ? tensor : tensor.toString('base64'))
    }
    const calls = [1, 90, 2, 0, 150].map((count) => {
      const places = placesOf(count, 600)
      const keys = tensors.slice(0, count).map((_, i) => key(`${i}`))
      return { places, outcomes: reader.read(keys, places) }
    })
    for (const { places, outcomes } of calls) {
      expect(await outcomes).toEqual(places.map((_, i) => (i % 2 ? RAW : BASE64)))
      expect(places.every((place, i) => tensors[i]?.equals(place))).toBe(true)
    }
  })

  test('places of several lengths', async () => {
    const [reader, redis, key] = [await connectReader(), connectWriter(), freshKeys()]
    await redis.mset(
      key('long'),
      bytesOf(300_000).toString('base64'),
      key('short'),
      bytesOf(31).toString('base64'),
    )
    const [long, short] = [placesOf(9, 300_000), placesOf(9, 31)]
    const reads = [long, short, long].map((places) =>
      reader.read(
        places.map(() => key(places === long ? 'long' : 'short')),
        places,
      ),
    )
    for (const outcomes of await Promise.all(reads)) expect(outcomes).toEqual(Array(9).fill(BASE64))
    expect(long.every((place) => place.equals(bytesOf(300_000)))).toBe(true)
    expect(short.every((place) => place.equals(bytesOf(31)))).toBe(true)
  })

  test('one that Redis refuses fails alone, once all its answers are there', async () => {
    const [redis, key, user] = [connectWriter(), freshKeys(), `reader-${crypto.randomUUID()}`]
    await redis.mset(key('tensor'), bytesOf(48), key('secret'), bytesOf(48))
    await redis.call('ACL', 'SETUSER', user, 'on', '>p@ss', '+get', '-ping', `%R~${key('tensor')}`)
    onTestFinished(async () => void (await redis.call('ACL', 'DELUSER', user)))
    const { host } = new URL(inject('redisUrl'))
    const reader = await connectReader(`redis://${user}:p%40ss@${host}`)
    const places = placesOf(1, 48)
    const [refused, allowed] = [
      reader.read([key('tensor'), key('secret'), key('tensor')], placesOf(3, 48)),
      reader.read([key('tensor')], places),
    ]
    await expect(refused).rejects.toThrow(RedisReplyError)
    await expect(refused).rejects.toThrow(/^NOPERM/)
    expect(await allowed).toEqual([RAW])
    expect(places[0]).toEqual(bytesOf(48))
  })
})
