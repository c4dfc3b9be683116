import { constants, deflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodedBy, newPngDecoder } from '../../../test/support/decoded-png.ts'
import { DeflateWriter } from '../../../test/support/deflate-writer.ts'
import { outcome } from '../../../test/support/png-outcome.ts'
import { type PngPlan, writePng } from '../../../test/support/png-writer.ts'
import { readPngHeader } from './png-header.ts'
import { pngDecoderBytes } from './png-memory.ts'

const decoder = newPngDecoder()

const GREY: PngPlan = { width: 5, height: 4, bitDepth: 8, colourType: 0, sample: (x, y) => x * 9 + y }
const GREY_BYTES = 4 * 6
const DAMAGED = 'The PNG is damaged.'

function outcomeOf(stream: Buffer): string {
  return outcome(decoder, writePng({ ...GREY, compress: () => stream }))
}

describe('files that cost more than their pixels', () => {
  /** 1 GB in 1 MB: the same 16 MB of zeros 64 times. Then bytes that are no DEFLATE at all. */
  function bomb(): Buffer {
    const zeros = deflateRawSync(Buffer.alloc(16 << 20), { finishFlush: constants.Z_FULL_FLUSH })
    const parts = Array.from({ length: 64 }, () => zeros)
    return Buffer.concat([Buffer.from([0x78, 0x9c]), ...parts, Buffer.alloc(1000, 0xff)])
  }

  test('a bomb is inflated as far as the picture goes: what comes after is not even seen to be damaged', () => {
    const stream = bomb()
    expect(outcomeOf(stream)).toBe('decoded')
    expect(outcome(decoder, writePng({ ...GREY, compress: () => stream, interlaced: true }))).toBe('decoded')
    expect(decoder.memoryBytes).toBe(pngDecoderBytes(readPngHeader(writePng(GREY))))
  })

  test('blocks that bring a code and no bytes are refused after some hundred', () => {
    const stream = (blocks: number) => {
      const codes = new DeflateWriter()
      for (let block = 0; block < blocks; block++) {
        // Literal 0 and the end have codes of one bit, and so has the one distance. Precode: 1 is 0, 18 is 1.
        codes.dynamic(257, 1, { 1: 1, 18: 1 }, false).code(0, 1)
        codes.code(1, 1).number(127, 7).code(1, 1).number(106, 7).code(0, 1).code(0, 1)
        codes.code(1, 1)
      }
      codes.block('fixed')
      for (let byte = 0; byte < GREY_BYTES; byte++) codes.fixed(0)
      return codes.fixed(256).align().zlib()
    }
    expect(outcomeOf(stream(250))).toBe('decoded')
    expect(outcomeOf(stream(300))).toBe(DAMAGED)
  })

  test('empty blocks of the other kinds are walked past', () => {
    const codes = new DeflateWriter()
    for (let block = 0; block < 2000; block++) codes.block('fixed', false).fixed(256)
    for (let block = 0; block < 2000; block++) codes.block('stored', false).align().number(0xffff0000, 32)
    codes.block('fixed')
    for (let byte = 0; byte < GREY_BYTES; byte++) codes.fixed(0)
    expect(outcomeOf(codes.fixed(256).align().zlib())).toBe('decoded')
  })
})

describe('memory', () => {
  const RGB: PngPlan = { width: 90, height: 70, bitDepth: 8, colourType: 2, sample: (x, y) => x ^ y }
  const sizes: Pick<PngPlan, 'width' | 'height' | 'bitDepth' | 'colourType' | 'interlaced'>[] = [
    { width: 1, height: 1, bitDepth: 1, colourType: 0 },
    { width: 700, height: 500, bitDepth: 8, colourType: 2 },
    { width: 700, height: 500, bitDepth: 8, colourType: 2, interlaced: true },
    { width: 60_000, height: 2, bitDepth: 16, colourType: 6 },
    { width: 60_000, height: 2, bitDepth: 8, colourType: 6, interlaced: true },
    { width: 5, height: 9000, bitDepth: 4, colourType: 0 },
  ]
  test.each(sizes)('is what pngDecoderBytes says for $width x $height', (size) => {
    const fresh = newPngDecoder()
    const png = writePng({ ...size, sample: (x) => x & 1 })
    decodedBy(fresh, png)
    expect(fresh.memoryBytes).toBe(pngDecoderBytes(readPngHeader(png)))
  })

  test('does not grow with the number of pictures, nor with the file', () => {
    const fresh = newPngDecoder()
    const small = writePng(RGB)
    decodedBy(fresh, writePng({ ...RGB, height: 300 }))
    const before = fresh.memoryBytes
    const tall = writePng({ ...RGB, height: 3000, zlib: { level: 0 } })
    for (let round = 0; round < 100; round++) decodedBy(fresh, round % 10 === 0 ? tall : small)
    expect(fresh.memoryBytes).toBe(before)
  })
})
