import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64Into, base64Length } from './base64-into.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')

/** Around the pieces that long texts are decoded in, where each begins and ends. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 49_151, 49_152, 49_153, 49_154, 49_155, 98_304, 98_307, 150_528]

function bytesOf(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 151 + (i >> 8) * 7) % 256))
}

describe('what fills its place', () => {
  test.each(LENGTHS)('%i bytes', (length) => {
    const bytes = bytesOf(length)
    const place = new Uint8Array(length)
    expect(base64Length(length)).toBe(bytes.toString('base64').length)
    expect(base64Into(place, ascii(bytes.toString('base64')))).toBe(true)
    expect(Buffer.compare(place, bytes)).toBe(0)
  })

  test('the alphabet for URLs', () => {
    const place = new Uint8Array(6)
    expect(base64Into(place, ascii('-_-_-_-_'))).toBe(true)
    expect(place).toEqual(Uint8Array.from(Buffer.from('+/+/+/+/', 'base64')))
  })

  test('a part of a larger memory; what lies around it stays', () => {
    const memory = new Uint8Array(10).fill(9)
    expect(base64Into(memory.subarray(3, 7), ascii('..AQIDBA==').subarray(2))).toBe(true)
    expect([...memory]).toEqual([9, 9, 9, 1, 2, 3, 4, 9, 9, 9])
  })
})

describe('what is not base64', () => {
  test.each(['AQI', 'AQID', 'AQIDBAU=', 'AQIDBA=', ''])('%j does not fill four bytes', (text) => {
    expect(base64Into(new Uint8Array(4), ascii(text))).toBe(false)
  })

  test.each([
    'AQIDBA=A',
    'AQIDBAAA',
    'AQIDBA!!',
    'AQIDB===',
    'AQI=BA==',
    'AQ==BA==',
    'AQIDBA\n\n',
    'AQIDB A=',
  ])('%j is no text of four bytes', (text) => {
    expect(base64Into(new Uint8Array(4), ascii(text))).toBe(false)
  })

  test('any character of neither alphabet, anywhere', () => {
    const foreign = Array.from({ length: 256 }, (_, i) => i).filter(
      (code) => !/[A-Za-z0-9+/_-]/.test(String.fromCharCode(code)),
    )
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.nat(),
        fc.constantFrom(...foreign),
        (length, where, code) => {
          const text = ascii(bytesOf(length).toString('base64'))
          const digits = text.length - (text.at(-1) === 0x3d ? (text.at(-2) === 0x3d ? 2 : 1) : 0)
          text[where % digits] = code
          expect(base64Into(new Uint8Array(length), text)).toBe(false)
        },
      ),
    )
  })

  test('a foreign character in any piece of a long text', () => {
    const text = ascii(bytesOf(150_528).toString('base64'))
    for (const at of [0, 65_535, 65_536, 131_071, 131_072, 200_699, 200_703]) {
      const damaged = Buffer.from(text)
      damaged[at] = 0x2e
      expect(base64Into(new Uint8Array(150_528), damaged)).toBe(false)
    }
  })
})

test('as Node decodes it, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const place = new Uint8Array(bytes.length)
      expect(base64Into(place, ascii(Buffer.from(bytes).toString('base64')))).toBe(true)
      expect(place).toEqual(bytes)
    }),
  )
})
