import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { chunk, imageHeader, type PngPlan, pngFile, writePng } from '../../../test/support/png-writer.ts'
import { type ByteRange, readPngHeader } from './png-header.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })

const PLAN: PngPlan = { width: 4, height: 4, bitDepth: 8, colourType: 2, sample: (x) => x & 1 }
const EMPTY = Buffer.alloc(0)
const UNDECODABLE = expect.objectContaining({ code: 'undecodable-image' })

function dataOf(png: Buffer, range: ByteRange | undefined): Buffer {
  return png.subarray(range?.start, range?.end)
}

describe('readPngHeader', () => {
  test('reads sides and orientation', async () => {
    const plain = await picture.clone().png().toBuffer()
    expect(readPngHeader(plain)).toMatchObject({ type: 'png', width: 50, height: 30, orientation: 1 })
    const turned = await picture.clone().png().withMetadata({ orientation: 8 }).toBuffer()
    expect(readPngHeader(turned)).toMatchObject({ width: 50, height: 30, orientation: 8 })
  })

  test('reads 32-bit sides as unsigned', async () => {
    const png = await picture.clone().png().toBuffer()
    png.writeUInt32BE(0xffffffff, 16)
    expect(readPngHeader(png).width).toBe(0xffffffff)
  })

  test('refuses a file without a whole header chunk in front', async () => {
    const png = await picture.clone().png().toBuffer()
    const unnamed = Buffer.from(png).fill(0x20, 12, 16)
    for (const bytes of [png.subarray(0, 8), png.subarray(0, 32), unnamed]) {
      expect(() => readPngHeader(bytes)).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
    }
  })

  test('refuses a file without its end, and one whose chunk lengths lead out of it', async () => {
    const png = await picture.clone().png().toBuffer()
    const astray = Buffer.from(png)
    astray.writeUInt32BE(0xffffffff, 33)
    for (const bytes of [png.subarray(0, -12), png.subarray(0, 60), astray]) {
      expect(() => readPngHeader(bytes)).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
    }
  })

  test('says how pixels are stored', async () => {
    const kinds: Pick<PngPlan, 'colourType' | 'bitDepth' | 'interlaced'>[] = [
      { colourType: 0, bitDepth: 2, interlaced: true },
      { colourType: 4, bitDepth: 16, interlaced: false },
    ]
    for (const kind of kinds) expect(readPngHeader(writePng({ ...PLAN, ...kind }))).toMatchObject(kind)
  })

  test('finds palette, transparency and pixels', () => {
    const png = writePng({
      ...PLAN,
      colourType: 3,
      palette: [1, 2, 3, 4, 5, 6],
      transparency: [9],
      idatBytes: 5,
    })
    const header = readPngHeader(png)
    expect([...dataOf(png, header.palette)]).toEqual([1, 2, 3, 4, 5, 6])
    expect([...dataOf(png, header.transparency)]).toEqual([9])
    expect(dataOf(png, header.pixels).subarray(4, 8).toString()).toBe('IDAT')
    expect(header.pixels.end).toBe(png.length - 12)
  })

  test('takes no pixels from behind another chunk', () => {
    const [first, text, second] = [chunk('IDAT', Buffer.alloc(3)), chunk('tEXt', EMPTY), chunk('IDAT', EMPTY)]
    const png = pngFile([chunk('IHDR', imageHeader(PLAN)), first, text, second, chunk('IEND', EMPTY)])
    const { pixels } = readPngHeader(png)
    expect(pixels.end - pixels.start).toBe(first.length)
  })

  test('refuses colour types, depths and methods that there are not', () => {
    const allowed = ['0-1', '0-2', '0-4', '0-8', '0-16', '2-8', '2-16', '3-1', '3-2', '3-4', '3-8']
    allowed.push('4-8', '4-16', '6-8', '6-16')
    for (let colourType = 0; colourType < 9; colourType++) {
      for (let bitDepth = 0; bitDepth < 20; bitDepth++) {
        const png = writePng({ ...PLAN, palette: [1, 2, 3] })
        png.set([bitDepth, colourType], 24)
        if (allowed.includes(`${colourType}-${bitDepth}`))
          expect(readPngHeader(png)).toMatchObject({ bitDepth })
        else expect(() => readPngHeader(png)).toThrow(UNDECODABLE)
      }
    }
    for (const [at, value] of [
      [26, 1],
      [27, 1],
      [28, 2],
    ] as const) {
      const png = writePng(PLAN)
      png[at] = value
      expect(() => readPngHeader(png)).toThrow(UNDECODABLE)
    }
  })

  test('refuses a palette picture without a valid palette in front of its pixels', () => {
    const indexed: PngPlan = { ...PLAN, colourType: 3 }
    for (const palette of [undefined, [], [1, 2], [1, 2, 3, 4], Array.from({ length: 257 * 3 }, () => 0)]) {
      expect(() => readPngHeader(writePng({ ...indexed, ...(palette && { palette }) }))).toThrow(UNDECODABLE)
    }
    const late = [chunk('IDAT', EMPTY), chunk('PLTE', Buffer.alloc(3)), chunk('IEND', EMPTY)]
    expect(() => readPngHeader(pngFile([chunk('IHDR', imageHeader(indexed)), ...late]))).toThrow(UNDECODABLE)
  })

  test('refuses a file without pixels', () => {
    const png = pngFile([chunk('IHDR', imageHeader(PLAN)), chunk('IEND', EMPTY)])
    expect(() => readPngHeader(png)).toThrow(UNDECODABLE)
  })
})
