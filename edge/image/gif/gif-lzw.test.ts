import { describe, expect, test } from 'vitest'
import { CodePacker, gifSubBlocks } from '../../../test/support/gif-writer.ts'
import { expandGifLzw } from './gif-lzw.ts'

const CLEAR = 4
const END = 5
const undecodable = (detail: string) =>
  expect.objectContaining({ code: 'undecodable-image', detail: expect.stringContaining(detail) })

/** Codes of indices 0 to 3, all of `bits` bits, in sub-blocks. */
function packed(codes: readonly number[], bits = 3): Uint8Array {
  const packer = new CodePacker()
  for (const code of codes) packer.push(code, bits)
  return gifSubBlocks(packer.bytes())
}

function expand(data: Uint8Array, pixels: number, minCodeSize = 2): number[] {
  const output = new Uint8Array(pixels)
  expandGifLzw(data, 0, minCodeSize, output)
  return [...output]
}

describe('expandGifLzw', () => {
  test('takes a code that is being defined', () => {
    expect(expand(packed([CLEAR, 2, 6, END]), 3)).toEqual([2, 2, 2])
  })

  test('forgets its strings at a clear code, and takes several in a row', () => {
    const codes = [CLEAR, CLEAR, 1, 6, CLEAR, CLEAR, 2, 6, END]
    expect(expand(packed(codes), 6)).toEqual([1, 1, 1, 2, 2, 2])
  })

  test('leaves alone what comes after the last pixel, and cuts a string that reaches beyond', () => {
    expect(expand(packed([CLEAR, 3, 6]), 2)).toEqual([3, 3])
    expect(expand(packed([CLEAR, 3, 2, 7, 7]), 2)).toEqual([3, 2])
  })

  test('refuses codes that are not defined yet', () => {
    expect(() => expand(packed([CLEAR, 6]), 9)).toThrow(undecodable('damaged'))
    expect(() => expand(packed([CLEAR, 1, 7]), 9)).toThrow(undecodable('damaged'))
    expect(() => expand(packed([CLEAR, 1, 6, CLEAR, 6]), 9)).toThrow(undecodable('damaged'))
  })

  test('refuses codes that end before the last pixel', () => {
    expect(() => expand(packed([CLEAR, 1, 1, END]), 3)).toThrow(undecodable('incomplete'))
    // The bits that fill up the last byte read as one or two codes 0.
    const unended = packed([CLEAR, 1, 1])
    expect(() => expand(unended, 5)).toThrow(undecodable('incomplete'))
    expect(() => expand(unended.subarray(0, -1), 5)).toThrow(undecodable('incomplete'))
    expect(() => expand(packed([]), 1)).toThrow(undecodable('incomplete'))
  })

  test('refuses clear codes and nothing else, however many', () => {
    const clears = gifSubBlocks(new Uint8Array(300_000).fill(1 << 7), 1)
    expect(() => expand(clears, 1, 7)).toThrow(undecodable('incomplete'))
  })

  test('a few bytes that would become millions of pixels fill what was asked for and no more', () => {
    const packer = new CodePacker()
    packer.push(CLEAR, 3)
    packer.push(0, 3)
    for (let next = 6, bits = 3; next < 4096; next++) {
      packer.push(next, bits)
      if (next + 1 === 1 << bits && bits < 12) bits++
    }
    const data = gifSubBlocks(packer.bytes())
    expect(data.length).toBeLessThan(6200)
    const pixels = new Uint8Array(1000).fill(7)
    expandGifLzw(data, 0, 2, pixels.subarray(0, 999))
    expect([pixels[998], pixels[999]]).toEqual([0, 7])
    expandGifLzw(data, 0, 2, new Uint8Array(8_000_000))
  })
})
