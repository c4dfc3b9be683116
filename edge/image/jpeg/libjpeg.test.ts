import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import {
  decodedJpeg,
  difference,
  jpegReference,
  libjpeg,
  libjpegBytes,
  libjpegModule,
  SCALES,
} from '../../../test/support/decoded-jpeg.ts'
import { JPEG_KINDS } from '../../../test/support/jpeg-kinds.ts'
import { writeJpeg } from '../../../test/support/jpeg-writer.ts'
import { scene } from '../../../test/support/scene.ts'
import { readJpegHeader } from './jpeg-header.ts'
import { Libjpeg } from './libjpeg.ts'

/** Chroma one off makes blue two off, and luma one more; that is as far as two exact decoders may part. */
async function expectSame(jpeg: Buffer, what = ''): Promise<void> {
  const { mean, largest } = difference(decodedJpeg(jpeg), await jpegReference(jpeg))
  expect(largest, what).toBeLessThanOrEqual(3)
  expect(mean, what).toBeLessThan(0.1)
}

describe.each(Object.entries(JPEG_KINDS))('a JPEG of kind %s', (_, kind) => {
  test.each([
    ['in one scan', {}],
    ['with restart markers', { restartInterval: 3 }],
    ['in a scan for each component', { separateScans: true }],
    ['in a scan for each component, with restart markers', { separateScans: true, restartInterval: 7 }],
  ])('%s comes out as libvips decodes it', async (_, layout) => {
    for (const [width, height] of [
      [67, 51],
      [300, 130],
    ] as const) {
      const jpeg = writeJpeg({ ...kind, ...layout, width, height, seed: width })
      await expectSame(jpeg, `${width} x ${height}`)
    }
  })

  test('of any small size comes out as libvips decodes it, and in all scales', async () => {
    const sizes = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33]
    for (const width of sizes) {
      for (const height of [1, 8, 13, 16, 17, 33]) {
        const jpeg = writeJpeg({ ...kind, width, height, seed: width * 64 + height })
        const { mean, largest } = difference(decodedJpeg(jpeg), await jpegReference(jpeg))
        expect(largest, `${width} x ${height}`).toBeLessThanOrEqual(3)
        expect(mean, `${width} x ${height}`).toBeLessThan(0.35)
        for (const scale of SCALES) decodedJpeg(jpeg, scale)
      }
    }
  })
})

describe('Libjpeg at full size', () => {
  test.each([{ progressive: true }, { progressive: true, chromaSubsampling: '4:4:4' }, { quality: 100 }])(
    'is as libvips with %o',
    async (options) => {
      await expectSame(await scene(419, 311).jpeg(options).toBuffer())
      await expectSame(await scene(419, 311).toColourspace('b-w').jpeg(options).toBuffer())
    },
  )

  test('is as libvips for progressive photos of any size', async () => {
    for (const [width, height] of [
      [1, 1],
      [7, 9],
      [16, 33],
      [33, 16],
      [129, 65],
    ] as const) {
      for (const chromaSubsampling of ['4:2:0', '4:4:4']) {
        const jpeg = await scene(width, height)
          .jpeg({ progressive: true, chromaSubsampling, quality: 95 })
          .toBuffer()
        const { mean, largest } = difference(decodedJpeg(jpeg), await jpegReference(jpeg))
        expect(largest, `${width} x ${height}`).toBeLessThanOrEqual(3)
        expect(mean, `${width} x ${height}`).toBeLessThan(0.35)
        for (const scale of SCALES) decodedJpeg(jpeg, scale)
      }
    }
  })

  test('clamps what is lighter than white or darker than black', async () => {
    const hard = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => ((i * 7919) % 11 < 5 ? 0 : 255)))
    const picture = sharp(hard, { raw: { width: 64, height: 64, channels: 3 } })
    await expectSame(await picture.jpeg({ quality: 30, chromaSubsampling: '4:4:4' }).toBuffer())
  })

  test('is fed and handed over in pieces: a file of 1 MB takes 2 MB of memory', async () => {
    const noise = Buffer.from(
      Array.from({ length: 1500 * 1000 * 3 }, (_, i) => ((i * 2654435761) >>> 13) & 255),
    )
    const picture = sharp(noise, { raw: { width: 1500, height: 1000, channels: 3 } })
    const jpeg = await picture.jpeg({ quality: 90 }).toBuffer()
    expect(jpeg.length).toBeGreaterThan(1_000_000)
    const fresh = new Libjpeg(libjpegModule)
    let strips = 0
    fresh.decode(jpeg, readJpegHeader(jpeg), 8, 'refuse', () => strips++)
    expect(strips).toBeGreaterThan(20)
    expect(fresh.memoryBytes).toBeLessThanOrEqual(2 * 1024 * 1024)
  })
})

describe.each([1, 2, 4] as const)('Libjpeg at %i/8', (scale) => {
  /** The means of squares, where they are whole. */
  function shrunk(pixels: Buffer, width: number, height: number): Buffer {
    const factor = 8 / scale
    const [columns, rows] = [Math.floor(width / factor), Math.floor(height / factor)]
    const out = Buffer.alloc(columns * rows * 4)
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [Math.floor(i / 4) % columns, Math.floor(i / 4 / columns)]
      let sum = 0
      for (let dy = 0; dy < factor; dy++) {
        for (let dx = 0; dx < factor; dx++) {
          sum += pixels[((y * factor + dy) * width + x * factor + dx) * 4 + (i % 4)] as number
        }
      }
      out[i] = Math.round(sum / factor ** 2)
    }
    return out
  }

  test.each([{}, { progressive: true }])(
    'gives the mean of every square of a grey photo, within 1 (%o)',
    async (options) => {
      const jpeg = await scene(320, 240)
        .toColourspace('b-w')
        .jpeg({ quality: 95, ...options })
        .toBuffer()
      const { mean, largest } = difference(
        decodedJpeg(jpeg, scale),
        shrunk(await jpegReference(jpeg), 320, 240),
      )
      expect(largest).toBeLessThanOrEqual(1)
      expect(mean).toBeLessThan(0.25)
    },
  )

  test.each(['4:4:4', '4:2:0'])(
    'is about that for colour, where chroma keeps its own size (%s)',
    async (chromaSubsampling) => {
      const jpeg = await scene(320, 240).jpeg({ quality: 95, chromaSubsampling }).toBuffer()
      const progressive = await scene(320, 240)
        .jpeg({ quality: 95, chromaSubsampling, progressive: true })
        .toBuffer()
      const full = shrunk(await jpegReference(jpeg), 320, 240)
      expect(difference(decodedJpeg(jpeg, scale), full).mean).toBeLessThan(0.6)
      expect(
        difference(decodedJpeg(progressive, scale), decodedJpeg(jpeg, scale)).largest,
      ).toBeLessThanOrEqual(3)
    },
  )
})

describe('Libjpeg', () => {
  const jpeg = writeJpeg({ width: 300, height: 200, sampling: [[1, 1]], seed: 4 })

  test('lets a sink throw, and decodes the next photo as before', () => {
    const expected = decodedJpeg(jpeg)
    const header = readJpegHeader(jpeg)
    const stop = new Error('enough')
    expect(() =>
      libjpeg.decode(jpeg, header, 8, 'refuse', () => {
        throw stop
      }),
    ).toThrow(stop)
    expect(decodedJpeg(jpeg)).toEqual(expected)
  })

  test('decodes nothing but what the header says', () => {
    const header = { ...readJpegHeader(jpeg), width: 299 }
    expect(() => libjpeg.decode(jpeg, header, 8, 'refuse', () => {})).toThrow(
      expect.objectContaining({ code: 'undecodable-image' }),
    )
  })

  test('gives up before it takes more than 80 MB', async () => {
    const large = await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'teal' } })
      .jpeg({ progressive: true, chromaSubsampling: '4:4:4' })
      .toBuffer()
    const fresh = new Libjpeg(libjpegModule)
    expect(() => fresh.decode(large, readJpegHeader(large), 1, 'refuse', () => {})).toThrow(
      expect.objectContaining({ detail: 'The JPEG takes too much memory to decode.' }),
    )
    expect(fresh.memoryBytes).toBeLessThanOrEqual(80 * 1024 * 1024)
    fresh.decode(jpeg, readJpegHeader(jpeg), 8, 'refuse', () => {})
  })

  test('is the module that ORIGIN.md tells of', () => {
    const origin = readFileSync(new URL('./libjpeg/ORIGIN.md', import.meta.url), 'utf8')
    expect(origin).toContain(createHash('sha256').update(libjpegBytes).digest('hex'))
  })
})
