import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { writeGif } from '../support/gif-writer.ts'
import { webpOfCodes } from '../support/vp8l-writer.ts'
import type { NamedFile } from './good-images.ts'

/** Small files that claim, or become, far too much. */
export async function bombs(): Promise<NamedFile[]> {
  const jpeg = await flat(64, 64).jpeg().toBuffer()
  const progressive = await flat(64, 64).jpeg({ progressive: true }).toBuffer()
  const webp = await flat(64, 64).webp().toBuffer()
  const lossless = await flat(64, 64).webp({ lossless: true }).toBuffer()
  return [
    { name: 'JPEG of 65,500 x 65,500', bytes: jpegClaiming(jpeg, 65_500, 65_500) },
    { name: 'JPEG of 65,500 x 1', bytes: jpegClaiming(jpeg, 65_500, 1) },
    { name: 'JPEG of 7,000 x 7,000 with the data of 64 x 64', bytes: jpegClaiming(jpeg, 7_000, 7_000) },
    {
      name: 'progressive JPEG of 3,400 x 3,400 with little data',
      bytes: jpegClaiming(progressive, 3_400, 3_400),
    },
    { name: 'progressive JPEG with 5,000 scans', bytes: await manyScans(400, 300, 5_000) },
    { name: 'progressive JPEG of 12 MP with 50 more scans', bytes: await manyScans(4000, 3000, 50) },
    { name: 'progressive JPEG of 2 MP with 50 more scans', bytes: await manyScans(1600, 1200, 50) },
    {
      name: 'JPEG that begins with 150 headers of 64 kB',
      bytes: joined(jpeg.subarray(0, 2), manySegments(150), jpeg.subarray(2)),
    },
    { name: 'JPEG of fill bytes', bytes: joined(jpeg.subarray(0, 2), Buffer.alloc(9_000_000, 0xff)) },
    {
      name: 'PNG of 10 x 10 whose data becomes 1 GB',
      bytes: png(10, 10, deflateSync(Buffer.alloc(2 ** 30))),
    },
    {
      name: 'PNG of 4,000 x 4,000, all black',
      bytes: png(4_000, 4_000, deflateSync(Buffer.alloc(4_000 * 12_001))),
    },
    {
      name: 'PNG of 30,000 x 30,000 in one bit',
      bytes: png(30_000, 30_000, deflateSync(Buffer.alloc(30_000 * 3_751)), 1, 0),
    },
    {
      name: 'PNG of 2 ** 31 - 1 pixels a side',
      bytes: png(2 ** 31 - 1, 2 ** 31 - 1, deflateSync(Buffer.alloc(100))),
    },
    {
      name: 'PNG with a comment that becomes 1 GB',
      bytes: png(
        10,
        10,
        deflateSync(Buffer.alloc(310)),
        8,
        2,
        chunk('zTXt', joined(Buffer.from('Comment\0\0'), deflateSync(Buffer.alloc(2 ** 30)))),
      ),
    },
    {
      name: 'PNG of a million empty data chunks',
      bytes: png(
        10,
        10,
        deflateSync(Buffer.alloc(310)),
        8,
        2,
        repeated(chunk('IDAT', Buffer.alloc(0)), 700_000),
      ),
    },
    { name: 'lossy WebP of 16,383 x 16,383', bytes: lossyClaiming(webp, 16_383, 16_383) },
    {
      name: 'lossy WebP of 2,400 x 2,400 with the data of 64 x 64',
      bytes: lossyClaiming(webp, 2_400, 2_400),
    },
    { name: 'lossless WebP of 16,384 x 16,384', bytes: losslessClaiming(lossless, 16_384, 16_384) },
    {
      name: 'lossless WebP of 1,900 x 1,900 with the data of 64 x 64',
      bytes: losslessClaiming(lossless, 1_900, 1_900),
    },
    {
      name: 'lossless WebP of 65,536 codes that no pixel uses',
      bytes: webpOfCodes({
        ...{ width: 300, height: 300, groups: 65_536 },
        groupOf: (block) => (block === 5 ? 65_535 : 0),
        isHeavy: (group) => group > 0 && group < 65_535,
      }),
    },
    {
      name: 'lossless WebP of 10,000 codes, half of them used',
      bytes: webpOfCodes({
        ...{ width: 300, height: 300, groups: 10_000 },
        groupOf: (block) => (block === 5 ? 9_999 : block % 5_000),
        isHeavy: (group) => group >= 5_000 && group < 9_999,
      }),
    },
    {
      name: 'lossless WebP of 2,000 codes, all used',
      bytes: webpOfCodes({
        ...{ width: 300, height: 300, groups: 2_000 },
        groupOf: (block) => block % 2_000,
        isHeavy: () => false,
      }),
    },
    { name: 'PNG of 1,200,000 x 1', bytes: png(1_200_000, 1, deflateSync(Buffer.alloc(150_001)), 1, 0) },
    {
      name: 'progressive JPEG of 3,450 x 3,450 with little data',
      bytes: jpegClaiming(progressive, 3_450, 3_450),
    },
    { name: 'GIF of 65,535 x 65,535', bytes: gifOf(65_535, 65_535) },
    {
      name: 'GIF of 1,900 x 1,900 that repeats one code',
      bytes: writeGif({
        width: 1_900,
        height: 1_900,
        palette: BLACK_AND_WHITE,
        frames: [{ width: 1_900, height: 1_900, pixels: new Uint8Array(1_900 * 1_900), deferredClear: true }],
      }),
    },
    {
      name: 'GIF of 10,000 frames',
      bytes: writeGif({
        width: 8,
        height: 8,
        palette: BLACK_AND_WHITE,
        frames: Array(10_000).fill({ width: 8, height: 8, pixels: new Uint8Array(64) }),
      }),
    },
    {
      name: 'GIF of clear codes only',
      bytes: joined(
        writeGif({ width: 8, height: 8, palette: BLACK_AND_WHITE, frames: [] }).subarray(0, 19),
        Buffer.from([0x2c, 0, 0, 0, 0, 8, 0, 8, 0, 0, 2]),
        repeated(joined(Buffer.from([255]), Buffer.alloc(255, 0x24)), 35_000),
        Buffer.from([0, 0x3b]),
      ),
    },
  ]
}

const BLACK_AND_WHITE = Uint8Array.from([0, 0, 0, 255, 255, 255])

function flat(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: '#c83214' } })
}

function joined(...parts: Uint8Array[]): Buffer<ArrayBuffer> {
  return Buffer.concat(parts)
}

function repeated(part: Buffer, times: number): Buffer {
  return Buffer.concat(Array<Buffer>(times).fill(part))
}

function jpegClaiming(file: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(file)
  const frame = Math.max(copy.indexOf(Buffer.from([0xff, 0xc0])), copy.indexOf(Buffer.from([0xff, 0xc2])))
  copy.writeUInt16BE(height, frame + 5)
  copy.writeUInt16BE(width, frame + 7)
  return copy
}

/** A progressive JPEG whose last scan comes `more` times again: each one walks all coefficients. */
async function manyScans(width: number, height: number, more: number): Promise<Buffer> {
  const file = await flat(width, height).jpeg({ progressive: true }).toBuffer()
  const last = file.lastIndexOf(Buffer.from([0xff, 0xda]))
  const scan = file.subarray(last, file.length - 2)
  return joined(file.subarray(0, -2), repeated(scan, more), file.subarray(-2))
}

function manySegments(count: number): Buffer {
  const segment = joined(Buffer.from([0xff, 0xe5, 0xff, 0xff]), Buffer.alloc(65_533))
  return repeated(segment, count)
}

/** Checksums are left at 0: no decoder of ours looks at them. */
function chunk(name: string, data: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return joined(length, Buffer.from(name, 'latin1'), data, Buffer.alloc(4))
}

function png(
  width: number,
  height: number,
  data: Buffer,
  depth = 8,
  colourType = 2,
  before: Uint8Array = new Uint8Array(),
): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([depth, colourType, 0, 0, 0], 8)
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return joined(signature, chunk('IHDR', header), before, chunk('IDAT', data), chunk('IEND', Buffer.alloc(0)))
}

function lossyClaiming(file: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(file)
  const start = copy.indexOf(Buffer.from([0x9d, 0x01, 0x2a]))
  copy.writeUInt16LE(width, start + 3)
  copy.writeUInt16LE(height, start + 5)
  return copy
}

function losslessClaiming(file: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(file)
  const start = copy.indexOf('VP8L') + 9
  copy.writeUInt32LE(((width - 1) | ((height - 1) << 14)) >>> 0, start)
  return copy
}

function gifOf(width: number, height: number): Uint8Array {
  const file = writeGif({
    width: 8,
    height: 8,
    palette: BLACK_AND_WHITE,
    frames: [{ width: 8, height: 8, pixels: new Uint8Array(64) }],
  })
  const copy = Buffer.from(file)
  copy.writeUInt16LE(width, 6)
  copy.writeUInt16LE(height, 8)
  copy.writeUInt16LE(width, 13 + 6 + 5)
  copy.writeUInt16LE(height, 13 + 6 + 7)
  return copy
}
