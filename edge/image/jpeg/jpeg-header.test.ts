import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { ProblemError } from '../../../shared/errors.ts'
import { readJpegHeader } from './jpeg-header.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })
const full = { horizontal: 1, vertical: 1 }
const double = { horizontal: 2, vertical: 2 }

/** Changes bytes relative to a marker: `[offset from the marker's FF, value]`. */
function patched(
  jpeg: Uint8Array,
  marker: number,
  ...changes: [offset: number, value: number][]
): Uint8Array {
  const bytes = Uint8Array.from(jpeg)
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker)
  for (const [offset, value] of changes) bytes[at + offset] = value
  return bytes
}

function codeOf(job: () => unknown): string {
  try {
    job()
  } catch (error) {
    if (error instanceof ProblemError) return error.code
  }
  throw new Error('expected a ProblemError')
}

describe('readJpegHeader', () => {
  test('reads sides, components and their sampling', async () => {
    const subsampled = readJpegHeader(await picture.clone().jpeg().toBuffer())
    expect(subsampled).toMatchObject({
      width: 50,
      height: 30,
      orientation: 1,
      components: [double, full, full],
    })
    const fullColour = readJpegHeader(await picture.clone().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer())
    expect(fullColour.components).toEqual([full, full, full])
    const grey = readJpegHeader(await picture.clone().toColourspace('b-w').jpeg().toBuffer())
    expect(grey.components).toEqual([full])
  })

  test('a progressive file must be buffered, a baseline one must not', async () => {
    expect(readJpegHeader(await picture.clone().jpeg({ progressive: true }).toBuffer()).buffered).toBe(true)
    expect(readJpegHeader(await picture.clone().jpeg().toBuffer()).buffered).toBe(false)
  })

  test('a baseline file whose first scan lacks components must be buffered', async () => {
    const jpeg = patched(await picture.clone().jpeg().toBuffer(), 0xda, [4, 1])
    expect(readJpegHeader(jpeg).buffered).toBe(true)
  })

  test('reads the orientation, and sees the Adobe marker of CMYK files', async () => {
    const turned = await picture.clone().jpeg().withMetadata({ orientation: 6 }).toBuffer()
    expect(readJpegHeader(turned)).toMatchObject({ width: 50, height: 30, orientation: 6 })
    const cmyk = await picture.clone().toColourspace('cmyk').jpeg().toBuffer()
    expect(readJpegHeader(cmyk)).toMatchObject({ components: { length: 4 } })
  })

  test('skips stray and fill bytes between segments', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    const padded = Buffer.concat([
      jpeg.subarray(0, 2),
      Buffer.from([0x00, 0x12, 0xff, 0xff]),
      jpeg.subarray(2),
    ])
    expect(readJpegHeader(padded)).toMatchObject({ width: 50, height: 30 })
  })

  test('takes the first of two frame headers', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    const start = jpeg.indexOf(Uint8Array.of(0xff, 0xc0))
    const frame = jpeg.subarray(start, start + 2 + jpeg.readUInt16BE(start + 2))
    const second = patched(frame, 0xc0, [5, 0xff], [6, 0xdc])
    const both = Buffer.concat([jpeg.subarray(0, start), frame, second, jpeg.subarray(start + frame.length)])
    expect(readJpegHeader(both)).toMatchObject({ width: 50, height: 30 })
  })

  test('does not support lossless, arithmetic and 12-bit files', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    for (const frame of [0xc3, 0xc9, 0xca]) {
      expect(codeOf(() => readJpegHeader(patched(jpeg, 0xc0, [1, frame])))).toBe('unsupported-image')
    }
    expect(codeOf(() => readJpegHeader(patched(jpeg, 0xc0, [4, 12])))).toBe('unsupported-image')
  })

  test('refuses impossible components and sampling', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    for (const change of [
      [9, 0],
      [9, 2],
      [9, 200],
      [11, 0x00],
      [11, 0x51],
    ] as [number, number][]) {
      expect(codeOf(() => readJpegHeader(patched(jpeg, 0xc0, change)))).toBe('undecodable-image')
    }
  })

  test('refuses a header that is cut off anywhere', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    const { scanOffset } = readJpegHeader(jpeg)
    for (let length = 3; length <= scanOffset; length++) {
      expect(codeOf(() => readJpegHeader(jpeg.subarray(0, length)))).toBe('undecodable-image')
    }
  })
})
