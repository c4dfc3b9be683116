import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64Into, toBase64 } from './base64.ts'

test('is what Node says it is, at every length around the pieces it works in', () => {
  const lengths = [0, 1, 2, 3, 24_572, 24_573, 24_574, 24_575, 150_528]
  for (const length of lengths) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31) % 256)
    expect(toBase64(bytes) === Buffer.from(bytes).toString('base64')).toBe(true)
  }
})

test('of any bytes comes back as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(Buffer.from(toBase64(bytes), 'base64')).toEqual(Buffer.from(bytes))
    }),
  )
})

test('uses the engine’s own encoder where there is one', () => {
  expect(toBase64(Object.assign(new Uint8Array(3), { toBase64: () => 'own' }))).toBe('own')
})

describe('fromBase64Into', () => {
  test('writes the bytes to the beginning of the place and says how many', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (bytes, padded) => {
        const text = Buffer.from(bytes)
          .toString('base64')
          .replace(padded ? '' : /=+$/, '')
        const place = new Uint8Array(text.length + 7).fill(0xaa)
        expect(fromBase64Into(place, text)).toBe(bytes.length)
        expect(place.subarray(0, bytes.length)).toEqual(bytes)
        expect(place.subarray(bytes.length).every((byte) => byte === 0xaa)).toBe(true)
      }),
    )
  })

  test('reads over line breaks', () => {
    const place = new Uint8Array(20)
    expect(fromBase64Into(place, 'AQID\r\nBAUG\n')).toBe(6)
    expect([...place.subarray(0, 6)]).toEqual([1, 2, 3, 4, 5, 6])
  })

  test.each(['A', 'AA=', '=', 'AAAA=', 'AA==AA', 'A*AA', 'AA-_', 'ÄAAA', '{}'])('%j is no base64', (text) => {
    expect(fromBase64Into(new Uint8Array(20), text)).toBeUndefined()
  })

  test('uses the engine’s own decoder where there is one', () => {
    const place = Object.assign(new Uint8Array(8), { setFromBase64: () => ({ written: 5 }) })
    expect(fromBase64Into(place, 'AAAA')).toBe(5)
  })

  test('a place shorter than the text is a mistake of ours', () => {
    expect(() => fromBase64Into(new Uint8Array(3), 'AAAA')).toThrow(RangeError)
  })
})
