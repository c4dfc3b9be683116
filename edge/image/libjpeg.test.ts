import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { cmykToRgbx } from '../../shared/cmyk-to-rgb.ts'
import { ProblemError } from '../../shared/errors.ts'
import { type JpegRecipe, writeJpeg } from '../../test/support/jpeg-writer.ts'
import { randomNumbers } from '../../test/support/random-numbers.ts'
import { scene } from '../../test/support/scene.ts'
import { readJpegHeader } from './jpeg-header.ts'
import { type JpegScale, reducedLength } from './jpeg-reduction.ts'
import { Libjpeg } from './libjpeg.ts'

const file = new URL('./libjpeg/libjpeg.wasm', import.meta.url)
const module = new WebAssembly.Module(readFileSync(file))
const decoder = new Libjpeg(module)

const CHROMA = [1, 1] as const
const SAMPLINGS: Readonly<Record<string, JpegRecipe['sampling']>> = {
  grey: [[1, 1]],
  'grey with factors 2 x 2': [[2, 2]],
  '4:4:4': [[1, 1], CHROMA, CHROMA],
  '4:2:2': [[2, 1], CHROMA, CHROMA],
  '4:4:0': [[1, 2], CHROMA, CHROMA],
  '4:2:0': [[2, 2], CHROMA, CHROMA],
  '4:1:1': [[4, 1], CHROMA, CHROMA],
  '4:1:0': [[4, 2], CHROMA, CHROMA],
  'unequal chroma': [
    [2, 2],
    [2, 1],
    [1, 2],
  ],
}
const KINDS: Readonly<Record<string, Omit<JpegRecipe, 'width' | 'height' | 'seed'>>> = {
  ...Object.fromEntries(Object.entries(SAMPLINGS).map(([name, sampling]) => [name, { sampling }])),
  RGB: { sampling: [CHROMA, CHROMA, CHROMA], adobeTransform: 0 },
  CMYK: { sampling: [CHROMA, CHROMA, CHROMA, CHROMA], adobeTransform: 0 },
  YCCK: { sampling: [CHROMA, CHROMA, CHROMA, CHROMA], adobeTransform: 2 },
  'YCCK 4:2:0': { sampling: [[2, 2], CHROMA, CHROMA, [2, 2]], adobeTransform: 2 },
}
const SCALES = [1, 2, 4, 8] as const

/** Checks the contract of the sink on the way. */
function decoded(
  jpeg: Uint8Array,
  eighths: JpegScale = 8,
  truncated: 'refuse' | 'accept' = 'refuse',
): Buffer {
  const header = readJpegHeader(jpeg)
  const [width, height] = [reducedLength(header.width, eighths), reducedLength(header.height, eighths)]
  const strips: Buffer[] = []
  decoder.decode(jpeg, header, eighths, truncated, (rows) => {
    expect(rows.length % (width * 4)).toBe(0)
    strips.push(Buffer.from(rows))
  })
  const pixels = Buffer.concat(strips)
  expect(pixels).toHaveLength(width * height * 4)
  return pixels
}

/** By libvips, 4 bytes a pixel. */
async function reference(jpeg: Buffer): Promise<Buffer> {
  const { space } = await sharp(jpeg).metadata()
  if (space !== 'cmyk')
    return sharp(jpeg, { failOn: 'none' }).toColourspace('srgb').ensureAlpha().raw().toBuffer()
  const inks = await sharp(jpeg).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()
  cmykToRgbx(inks, false)
  return inks
}

/** Of all samples but every fourth. */
function difference(ours: Buffer, theirs: Buffer): { mean: number; largest: number } {
  expect(ours).toHaveLength(theirs.length)
  let [sum, largest] = [0, 0]
  for (let i = 0; i < ours.length; i++) {
    if (i % 4 === 3) continue
    const step = Math.abs((ours[i] as number) - (theirs[i] as number))
    sum += step
    largest = Math.max(largest, step)
  }
  return { mean: sum / ((ours.length / 4) * 3), largest }
}

/** Chroma one off makes blue two off, and luma one more; that is as far as two exact decoders may part. */
async function expectSame(jpeg: Buffer, what = ''): Promise<void> {
  const { mean, largest } = difference(decoded(jpeg), await reference(jpeg))
  expect(largest, what).toBeLessThanOrEqual(3)
  expect(mean, what).toBeLessThan(0.1)
}

describe.each(Object.entries(KINDS))('a JPEG of kind %s', (_, kind) => {
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
        const { mean, largest } = difference(decoded(jpeg), await reference(jpeg))
        expect(largest, `${width} x ${height}`).toBeLessThanOrEqual(3)
        expect(mean, `${width} x ${height}`).toBeLessThan(0.35)
        for (const scale of SCALES) decoded(jpeg, scale)
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
    const fresh = new Libjpeg(module)
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
      const { mean, largest } = difference(decoded(jpeg, scale), shrunk(await reference(jpeg), 320, 240))
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
      const full = shrunk(await reference(jpeg), 320, 240)
      expect(difference(decoded(jpeg, scale), full).mean).toBeLessThan(0.6)
      expect(difference(decoded(progressive, scale), decoded(jpeg, scale)).largest).toBeLessThanOrEqual(3)
    },
  )
})

describe('a damaged JPEG', () => {
  const sampling = SAMPLINGS['4:2:0'] as JpegRecipe['sampling']
  const plain = writeJpeg({ width: 300, height: 200, sampling, seed: 3 })
  const restarting = writeJpeg({ width: 300, height: 200, sampling, seed: 3, restartInterval: 5 })
  const detailOf = (jpeg: Uint8Array, scale: JpegScale = 8) => {
    try {
      decoded(jpeg, scale)
    } catch (error) {
      if (error instanceof ProblemError) return error.detail
      throw error
    }
    return 'none'
  }

  test('that ends early is refused as incomplete, in every scale', () => {
    for (const scale of SCALES) {
      for (const end of [plain.length * 0.3, plain.length - 10, plain.length - 2, plain.length - 1]) {
        expect(detailOf(plain.subarray(0, end), scale)).toBe('The JPEG is incomplete: its end is missing.')
      }
    }
  })

  test('that ends early comes out as libvips makes it, where that is accepted: with the rest in grey', async () => {
    const cut = plain.subarray(0, plain.length * 0.6)
    const ours = decoded(cut, 8, 'accept')
    // The two may disagree on the block that the file ends in.
    expect(difference(ours, await reference(cut)).mean).toBeLessThan(0.3)
    expect(ours.subarray(-300 * 4).every((value, i) => i % 4 === 3 || value === 128)).toBe(true)
    for (const scale of SCALES) decoded(cut, scale, 'accept')
  })

  test.each([
    [
      'whose data stop before the picture is full',
      Buffer.concat([plain.subarray(0, 2000), plain.subarray(-2)]),
    ],
    [
      'with a code that is not in its table',
      Buffer.from(plain).fill(0xff, 3000, 3001).fill(0xfe, 3001, 3040),
    ],
    [
      'with a restart marker too many',
      Buffer.concat([restarting.subarray(0, 3000), restarting.subarray(2500)]),
    ],
  ])('%s is refused as damaged, and accepted where pictures cut short are', (_, jpeg) => {
    expect(detailOf(jpeg)).toBe('The JPEG is damaged.')
    decoded(jpeg, 8, 'accept')
  })

  test('with stray bytes between segments is whole', () => {
    const table = plain.indexOf(Buffer.of(0xff, 0xc4))
    const stray = Buffer.concat([plain.subarray(0, table), Buffer.of(1, 2, 3), plain.subarray(table)])
    expect(decoded(stray)).toEqual(decoded(plain))
  })

  test('of whatever kind is refused or comes out in full size, and the next one is right', () => {
    const pick = randomNumbers(99)
    const good = [
      plain,
      restarting,
      ...Object.values(KINDS).map((kind) => writeJpeg({ ...kind, width: 90, height: 60, seed: 1 })),
    ]
    const expected = good.map((jpeg) => decoded(jpeg))
    for (let round = 0; round < 3000; round++) {
      const jpeg = Buffer.from(good[round % good.length] as Buffer)
      for (let change = pick(4); change >= 0; change--) jpeg[20 + pick(jpeg.length - 20)] = pick(256)
      expectHandled(jpeg, SCALES[pick(4)] ?? 8, pick(2) ? 'refuse' : 'accept')
      if (round % 50 === 0) expect(decoded(plain)).toEqual(expected[0])
    }
    expect(good.map((jpeg) => decoded(jpeg))).toEqual(expected)
  })

  /** Anything but a ProblemError would cost the instance. */
  function expectHandled(jpeg: Buffer, scale: JpegScale, truncated: 'refuse' | 'accept'): void {
    try {
      const header = readJpegHeader(jpeg)
      if (header.width * header.height < 1_000_000) decoded(jpeg, scale, truncated)
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
    }
  }

  test('leaves nothing behind: ten thousand of them take no more memory than the first', () => {
    const small = writeJpeg({ width: 60, height: 40, sampling, seed: 8 })
    const table = small.indexOf(Buffer.of(0xff, 0xc4))
    const badTable = Buffer.from(small).fill(0xff, table + 5, table + 21)
    const fresh = new Libjpeg(module)
    const refuse = (jpeg: Uint8Array) =>
      expect(() => fresh.decode(jpeg, readJpegHeader(small), 8, 'refuse', () => {})).toThrow(ProblemError)
    refuse(badTable)
    const before = fresh.memoryBytes
    for (let round = 0; round < 5000; round++) {
      refuse(badTable)
      refuse(small.subarray(0, small.length / 2))
    }
    expect(fresh.memoryBytes).toBe(before)
  })
})

describe('Libjpeg', () => {
  const jpeg = writeJpeg({ width: 300, height: 200, sampling: [CHROMA], seed: 4 })

  test('lets a sink throw, and decodes the next photo as before', () => {
    const expected = decoded(jpeg)
    const header = readJpegHeader(jpeg)
    const stop = new Error('enough')
    expect(() =>
      decoder.decode(jpeg, header, 8, 'refuse', () => {
        throw stop
      }),
    ).toThrow(stop)
    expect(decoded(jpeg)).toEqual(expected)
  })

  test('decodes nothing but what the header says', () => {
    const header = { ...readJpegHeader(jpeg), width: 299 }
    expect(() => decoder.decode(jpeg, header, 8, 'refuse', () => {})).toThrow(
      expect.objectContaining({ code: 'undecodable-image' }),
    )
  })

  test('gives up before it takes more than 80 MB', async () => {
    const large = await sharp({ create: { width: 6000, height: 5000, channels: 3, background: 'teal' } })
      .jpeg({ progressive: true, chromaSubsampling: '4:4:4' })
      .toBuffer()
    const fresh = new Libjpeg(module)
    expect(() => fresh.decode(large, readJpegHeader(large), 1, 'refuse', () => {})).toThrow(
      expect.objectContaining({ detail: 'The JPEG takes too much memory to decode.' }),
    )
    expect(fresh.memoryBytes).toBeLessThanOrEqual(80 * 1024 * 1024)
    fresh.decode(jpeg, readJpegHeader(jpeg), 8, 'refuse', () => {})
  })
})
