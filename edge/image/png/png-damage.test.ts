import { constants, deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodedBy, newPngDecoder } from '../../../test/support/decoded-png.ts'
import { DeflateWriter } from '../../../test/support/deflate-writer.ts'
import { outcome } from '../../../test/support/png-outcome.ts'
import { filteredBytes, type PngPlan, writePng } from '../../../test/support/png-writer.ts'
import { readPngHeader } from './png-header.ts'

const decoder = newPngDecoder()

/** A linear congruential generator (Numerical Recipes): the same numbers on every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const noise = randomNumbers(3)
const PHOTO: PngPlan = {
  width: 90,
  height: 70,
  bitDepth: 8,
  colourType: 2,
  sample: (x, y, channel) => (noise(4) === 0 ? noise(256) : (x * 2 + y + channel * 9) & 255),
  filter: (row) => row % 5,
}
const GREY: PngPlan = { width: 5, height: 4, bitDepth: 8, colourType: 0, sample: (x, y) => x * 9 + y }

function outcomeOf(stream: Buffer): string {
  return outcome(decoder, writePng({ ...GREY, compress: () => stream }))
}

const DAMAGED = 'The PNG is damaged.'
const INCOMPLETE = 'The PNG is incomplete: its pixels end early.'

describe('refused as damaged', () => {
  const good = deflateSync(filteredBytes(GREY))
  const headers: Record<string, [number, number]> = {
    'another method than deflate': [0x79, 0x9b],
    'a window of 64 KiB': [0x88, 0x1c],
    'a preset dictionary': [0x78, 0xbb],
    'a header whose check does not fit': [0x78, 0x9d],
  }
  test.each(Object.entries(headers))('%s', (_, header) => {
    expect(outcomeOf(Buffer.concat([Buffer.from(header), good.subarray(2)]))).toBe(DAMAGED)
  })

  const precode = { 0: 2, 1: 2, 8: 2, 18: 2 }
  const streams: Record<string, DeflateWriter> = {
    'a block of the reserved kind': new DeflateWriter().block('reserved'),
    'a stored block whose length contradicts its complement': new DeflateWriter()
      .block('stored')
      .align()
      .number(4, 16)
      .number(4, 16),
    'more literals than there are': new DeflateWriter().dynamic(287, 1, precode),
    'more distances than there are': new DeflateWriter().dynamic(257, 31, precode),
    'a precode with too many codes': new DeflateWriter().dynamic(257, 1, { 0: 1, 1: 1, 2: 1 }),
    'a precode that lacks codes': new DeflateWriter().dynamic(257, 1, { 0: 1, 1: 2 }),
    'a repetition of nothing': new DeflateWriter().dynamic(257, 1, { 0: 1, 16: 1 }).code(1, 1).number(0, 2),
    'a run past the last code': new DeflateWriter()
      .dynamic(257, 1, { 0: 1, 18: 1 })
      .code(1, 1)
      .number(127, 7)
      .code(1, 1)
      .number(127, 7),
    'no code for the end of the block': new DeflateWriter()
      .dynamic(257, 1, { 1: 1, 18: 1 })
      .code(0, 1)
      .code(0, 1)
      .code(1, 1)
      .number(127, 7)
      .code(1, 1)
      .number(118 - 11, 7),
    'a distance before the first byte': new DeflateWriter().block('fixed').fixed(0).fixed(257).code(1, 5),
    'a distance just before the first byte': new DeflateWriter()
      .block('fixed')
      .fixed(0)
      .fixed(257)
      .code(2, 5),
    'a length that is none (286)': new DeflateWriter().block('fixed').fixed(0).fixed(286).code(0, 5),
    'a length that is none (287)': new DeflateWriter().block('fixed').fixed(0).fixed(287).code(0, 5),
    'a distance that is none (30)': new DeflateWriter().block('fixed').fixed(0).fixed(257).code(30, 5),
    'a distance that is none (31)': new DeflateWriter().block('fixed').fixed(0).fixed(257).code(31, 5),
  }
  test.each(Object.entries(streams))('%s', (_, stream) => {
    expect(outcomeOf(stream.align().zlib())).toBe(DAMAGED)
  })

  test('a filter that there is not', () => {
    for (const filter of [5, 6, 255]) {
      const filterOf = (row: number) => (row === 3 ? filter : 0)
      expect(outcome(decoder, writePng({ ...GREY, filter: filterOf }))).toBe(DAMAGED)
      expect(outcome(decoder, writePng({ ...PHOTO, interlaced: true, filter: filterOf }))).toBe(DAMAGED)
    }
  })
})

test('a distance that is the only one has one code of one bit; the other bit is damage', () => {
  const stream = (lastDistance: number) => {
    // Lengths: literal 0 has one bit, the end and length 3 two, distance 1 one. Precode: 18 is 0, 1 is 10, 2 is 11.
    const codes = new DeflateWriter().dynamic(258, 1, { 1: 2, 2: 2, 18: 1 }).code(2, 2)
    codes.code(0, 1).number(127, 7).code(0, 1).number(106, 7).code(3, 2).code(3, 2).code(2, 2)
    codes.code(0, 1).code(0, 1).code(0, 1)
    for (let match = 0; match < 6; match++) codes.code(3, 2).code(0, 1)
    return codes.code(3, 2).code(lastDistance, 1).code(2, 2).align().zlib()
  }
  expect(outcomeOf(stream(0))).toBe('decoded')
  expect(outcomeOf(stream(1))).toBe(DAMAGED)
})

describe('cut off', () => {
  const whole = deflateSync(filteredBytes(PHOTO))

  test('anywhere before the last pixel, the stream is incomplete', () => {
    for (let length = 0; length < whole.length - 8; length += 1 + (length >> 5)) {
      const cut = whole.subarray(0, length)
      for (const idatBytes of [1000, 1 << 20]) {
        expect(outcome(decoder, writePng({ ...PHOTO, compress: () => cut, idatBytes }))).toBe(INCOMPLETE)
      }
    }
  })

  test('within stored bytes, the stream is incomplete', () => {
    const stored = deflateSync(filteredBytes(PHOTO), { level: 0 })
    for (let length = 2; length < stored.length - 4; length += 977) {
      expect(outcome(decoder, writePng({ ...PHOTO, compress: () => stored.subarray(0, length) }))).toBe(
        INCOMPLETE,
      )
    }
  })

  test('a stream that ends in good order before the last row is incomplete', () => {
    for (const interlaced of [false, true]) {
      const compress = (filtered: Buffer) => deflateSync(filtered.subarray(0, -1))
      expect(outcome(decoder, writePng({ ...PHOTO, interlaced, compress }))).toBe(INCOMPLETE)
    }
  })

  test('a chunk of another kind between the pixels ends them', () => {
    const png = writePng({ ...PHOTO, idatBytes: whole.length >> 1 })
    const second = png.indexOf('IDAT', readPngHeader(png).pixels.start + 8) - 4
    const text = Buffer.from('\0\0\0\0tEXt\0\0\0\0', 'latin1')
    expect(outcome(decoder, Buffer.concat([png.subarray(0, second), text, png.subarray(second)]))).toBe(
      INCOMPLETE,
    )
  })
})

describe('bytes changed at random', () => {
  const kinds: [name: string, plan: PngPlan][] = [
    ['RGB', PHOTO],
    ['RGB in stored blocks', { ...PHOTO, zlib: { level: 0 } }],
    ['RGB in fixed codes', { ...PHOTO, zlib: { strategy: constants.Z_FIXED } }],
    ['RGB in many chunks', { ...PHOTO, idatBytes: 50, zlib: { memLevel: 1 } }],
    ['interlaced RGBA', { ...PHOTO, colourType: 6, interlaced: true }],
    ['16-bit grey and alpha', { ...PHOTO, colourType: 4, bitDepth: 16 }],
    [
      'a palette',
      { ...PHOTO, colourType: 3, bitDepth: 2, sample: (x) => x & 3, palette: [1, 2, 3, 4, 5, 6] },
    ],
  ]
  test.each(kinds)('of %s never do more than fail, and the next picture is right', (_, plan) => {
    const png = writePng(plan)
    const good = decodedBy(decoder, png)
    const pick = randomNumbers(png.length)
    const outcomes = new Set<string>()
    for (let round = 0; round < 400; round++) {
      const bytes = Uint8Array.from(png)
      for (let change = pick(4); change >= 0; change--) {
        // The sides stay as they are: larger pictures are for the limits to refuse.
        bytes[24 + pick(pick(2) === 0 ? 200 : bytes.length - 24)] = pick(2) === 0 ? pick(256) : 0xff
      }
      outcomes.add(outcome(decoder, bytes))
      if (round % 20 === 0) expect(decodedBy(decoder, png).equals(good)).toBe(true)
    }
    expect(outcomes.size).toBeGreaterThan(2)
    expect(decodedBy(decoder, png).equals(good)).toBe(true)
  })
})
