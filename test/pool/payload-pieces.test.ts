import * as fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { base64Length } from '../../worker-pool/redis/base64-into.ts'
import { freshKeys } from '../support/gateway.ts'
import { BASE64, bytesOf, connectReader, connectWriter, MISSING, placesOf, RAW } from '../support/payloads.ts'
import { inPieces, wayToRedis } from '../support/way-to-redis.ts'

describe('replies that arrive in pieces', () => {
  test.each([[[1]], [[2]], [[3, 1]], [[7]], [[13, 1, 1]], [[64, 5]]])('of %j bytes', async (sizes) => {
    const [redis, key] = [connectWriter(), freshKeys()]
    const reader = await connectReader(await wayToRedis(inject('redisUrl'), inPieces(sizes)))
    await redis.mset(
      key('raw'),
      bytesOf(50),
      key('base64'),
      bytesOf(50).toString('base64'),
      key('photo'),
      'photo',
    )
    await redis.rpush(key('list'), 'x')
    const keys = ['raw', 'none', 'base64', 'list', 'photo', 'raw', 'raw', 'base64']
    const places = placesOf(keys.length, 50)
    expect(await reader.read(keys.map(key), places)).toEqual([
      ...[RAW, MISSING, BASE64, MISSING, { kind: 'other', bytes: Uint8Array.from(Buffer.from('photo')) }],
      ...[RAW, RAW, BASE64],
    ])
    for (const i of [0, 2, 5, 6, 7]) expect(places[i]).toEqual(bytesOf(50))
  })

  test('whatever the lengths of values and pieces', async () => {
    const [redis, key] = [connectWriter(), freshKeys()]
    const sizes = [1]
    const reader = await connectReader(await wayToRedis(inject('redisUrl'), inPieces(sizes)))
    const values = fc.array(fc.nat({ max: 400 }), { minLength: 1, maxLength: 12 })
    const pieces = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 5 })
    const cases = fc.asyncProperty(
      fc.integer({ min: 1, max: 300 }),
      values,
      pieces,
      async (length, lengths, cut) => {
        sizes.splice(0, sizes.length, ...cut)
        const stored = [length, base64Length(length), ...lengths].map((bytes, i) => bytesOf(bytes, i))
        const text = bytesOf(length, 99)
        await redis.mset(
          ...stored.flatMap((bytes, i) => [key(`${i}`), bytes]),
          key('text'),
          text.toString('base64'),
        )
        const keys = [key('text'), ...stored.map((_, i) => key(`${i}`)), key('text')]
        const places = placesOf(keys.length, length)
        const outcomes = await reader.read(keys, places)
        const read = outcomes.map((outcome, i) => (outcome.kind === 'other' ? outcome.bytes : places[i]))
        const expected = [text, ...stored, text]
        expect(read.map((bytes) => Buffer.from(bytes ?? []).toString('hex'))).toEqual(
          expected.map((bytes) => bytes.toString('hex')),
        )
      },
    )
    await fc.assert(cases, { numRuns: 40 })
  })
})
