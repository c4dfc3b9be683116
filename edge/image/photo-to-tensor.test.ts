import { existsSync, readdirSync, readFileSync } from 'node:fs'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Resize } from '../../shared/model-manifest.ts'
import { planResize } from '../../shared/resize-plan.ts'
import { codecs } from '../../test/support/node-codecs.ts'
import { photoRules } from '../../test/support/photo-rules.ts'
import { photoToTensor } from './photo-to-tensor.ts'

const COVER: Resize = { mode: 'cover', size: 64, crop: 56, kernel: 'triangle' }
const SHARP_KERNELS = { triangle: 'linear', cubic: 'cubic', lanczos3: 'lanczos3' } as const

/** What libvips makes of the file, decoded in full: turned, on black, scaled to the planned sides, then cut. */
async function reference(file: Buffer, resize: Resize): Promise<Buffer> {
  const { autoOrient } = await sharp(file).metadata()
  const { columns, rows } = planResize(resize, { ...autoOrient, orientation: 1 })
  const scale = { width: columns.scaled, height: rows.scaled, kernel: SHARP_KERNELS[resize.kernel] }
  return sharp(file, { failOn: 'none', ignoreIcc: true })
    .autoOrient()
    .flatten()
    .resize({ ...scale, fit: 'fill', fastShrinkOnLoad: false })
    .extract({ left: columns.offset, top: rows.offset, width: columns.count, height: rows.count })
    .toColourspace('srgb')
    .raw()
    .toBuffer()
}

/** Mean absolute and mean signed difference, in steps of 255. */
async function differences(
  file: Buffer,
  resize: Resize = COVER,
): Promise<{ absolute: number; signed: number }> {
  const [ours, theirs] = [
    await photoToTensor(file, photoRules(resize), codecs),
    await reference(file, resize),
  ]
  expect(ours).toHaveLength(resize.crop * resize.crop * 3)
  expect(theirs).toHaveLength(ours.length)
  const steps = Array.from(ours, (value, i) => value - (theirs[i] ?? 0))
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return { absolute: mean(steps.map(Math.abs)), signed: mean(steps) }
}

/** Gradients, waves and a hard edge; without symmetry, so that every wrong turn shows. */
function scene(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const data = Buffer.alloc(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height]
      const square = u > 0.6 && v < 0.3 ? 90 : 0
      const pixel = [
        u * 160 + square,
        v * 220,
        120 + 100 * Math.sin(9 * u + 5 * v * v),
        255 * Math.min(1, u + v),
      ]
      data.set(pixel.slice(0, channels), (y * width + x) * channels)
    }
  }
  return sharp(data, { raw: { width, height, channels } })
}
const big = () => scene(403, 301)
const translucent = () => scene(403, 301, 4)

describe('photoToTensor equals a full decode by libvips', () => {
  const FORMATS: Record<string, () => Promise<Buffer>> = {
    'JPEG 4:2:0': () => big().jpeg().toBuffer(),
    'JPEG 4:4:4': () => big().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    'JPEG progressive': () => big().jpeg({ progressive: true }).toBuffer(),
    'JPEG grey': () => big().toColourspace('b-w').jpeg().toBuffer(),
    PNG: () => big().png().toBuffer(),
    'PNG grey': () => big().toColourspace('b-w').png().toBuffer(),
    'PNG palette': () => big().png({ palette: true }).toBuffer(),
    'PNG 16 bit': () => big().toColourspace('rgb16').png().toBuffer(),
    'PNG interlaced': () => big().png({ progressive: true }).toBuffer(),
    'PNG alpha': () => translucent().png().toBuffer(),
    'PNG grey and alpha': () => translucent().toColourspace('b-w').png().toBuffer(),
    'PNG palette and alpha': () => translucent().png({ palette: true }).toBuffer(),
    'WebP lossy': () => big().webp().toBuffer(),
    'WebP lossless': () => big().webp({ lossless: true }).toBuffer(),
    'WebP alpha': () => translucent().webp().toBuffer(),
    'WebP lossless alpha': () => translucent().webp({ lossless: true }).toBuffer(),
    GIF: () => big().gif().toBuffer(),
    'GIF interlaced': () => big().gif({ progressive: true }).toBuffer(),
    'GIF transparent': () => translucent().gif().toBuffer(),
  }
  test.each(Object.keys(FORMATS))('%s', async (format) => {
    const file = (await FORMATS[format]?.()) ?? Buffer.alloc(0)
    const { absolute, signed } = await differences(file)
    expect(absolute).toBeLessThan(1)
    expect(Math.abs(signed)).toBeLessThan(0.6)
  })

  test.each(['triangle', 'cubic', 'lanczos3'] as const)(
    'with the kernel %s, stretched too',
    async (kernel) => {
      const file = await scene(1210, 907).jpeg({ quality: 95 }).toBuffer()
      expect((await differences(file, { ...COVER, kernel })).absolute).toBeLessThan(1)
      expect(
        (await differences(file, { mode: 'stretch', size: 56, crop: 56, kernel })).absolute,
      ).toBeLessThan(1)
    },
  )

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('upright from orientation %i, in every format', async (orientation) => {
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      const file = await scene(303, 201).toFormat(format).withMetadata({ orientation }).toBuffer()
      expect((await differences(file)).absolute).toBeLessThan(1)
    }
  })

  test('contain keeps the whole picture, upright, between black bars', async () => {
    const file = await scene(300, 200).png().withMetadata({ orientation: 6 }).toBuffer()
    const ours = await photoToTensor(file, photoRules({ ...COVER, mode: 'contain', size: 56 }), codecs)
    const inner = { width: 37, height: 56, fit: 'fill', kernel: 'linear', fastShrinkOnLoad: false } as const
    const bars = { left: 10, right: 9, background: 'black' }
    const theirs = await sharp(await sharp(file).autoOrient().resize(inner).png().toBuffer())
      .extend(bars)
      .raw()
      .toBuffer()
    const sum = ours.reduce((total, value, i) => total + Math.abs(value - (theirs[i] ?? 0)), 0)
    expect(sum / ours.length).toBeLessThan(1)
  })
})

describe('photoToTensor', () => {
  test('turns CMYK into RGB', async () => {
    const file = await sharp({
      create: { width: 80, height: 80, channels: 3, background: { r: 230, g: 40, b: 30 } },
    })
      .toColourspace('cmyk')
      .jpeg({ quality: 100 })
      .toBuffer()
    const [red = 0, green = 0, blue = 0] = await photoToTensor(file, photoRules(COVER), codecs)
    expect(red).toBeGreaterThan(180)
    expect(Math.max(green, blue)).toBeLessThan(90)
  })

  test('takes sides down to one pixel, and any proportions', async () => {
    for (const [width, height] of [
      [1, 1],
      [2, 3],
      [1, 3000],
      [3000, 1],
      [7, 4001],
      [4001, 9],
    ] as const) {
      for (const format of ['jpeg', 'png', 'webp', 'gif'] as const) {
        for (const mode of ['cover', 'contain', 'stretch'] as const) {
          const file = await scene(width, height).toFormat(format).toBuffer()
          const tensor = await photoToTensor(file, photoRules({ ...COVER, mode, size: 56 }), codecs)
          expect(tensor).toHaveLength(56 * 56 * 3)
        }
      }
    }
  })

  test('leaves no ImageData behind on globalThis', async () => {
    await photoToTensor(await big().webp().toBuffer(), photoRules(COVER), codecs)
    await photoToTensor(await big().png().toBuffer(), photoRules(COVER), codecs)
    expect('ImageData' in globalThis).toBe(false)
  })

  test('keeps one instance a codec: a hundred photos take no more memory than one', async () => {
    const file = await scene(1500, 1000).jpeg().toBuffer()
    await photoToTensor(file, photoRules(COVER), codecs)
    const before = codecs.memoryBytes().jpeg
    for (let i = 0; i < 100; i++) await photoToTensor(file, photoRules(COVER), codecs)
    expect(codecs.memoryBytes().jpeg).toBe(before)
  })
})

/** Photos for tests, kept beside the repository and not in it. */
const DATA = new URL('../../../shared/data/', import.meta.url)
const photos = ['photos', 'exif', 'png']
  .map((folder) => new URL(`${folder}/`, DATA))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((name) => new URL(name, folder)))
  .filter(({ pathname }) => /\.(jpg|png)$/.test(pathname))

describe.skipIf(photos.length === 0)(
  `photoToTensor on ${photos.length || 'no'} photos of ../shared/data`,
  () => {
    const model: Resize = { mode: 'cover', size: 256, crop: 224, kernel: 'triangle' }

    test.each(['triangle', 'cubic', 'lanczos3'] as const)(
      'is within 1 of 255 of libvips (%s)',
      async (kernel) => {
        let shrunk = 0
        for (const photo of photos) {
          const file = readFileSync(photo)
          const { width, height } = await sharp(file).metadata()
          // Enlarging, libvips lets the picture drift by half a pixel; resize.test.ts shows that ours does not.
          if (Math.min(width, height) < model.size) continue
          shrunk++
          const { absolute, signed } = await differences(file, { ...model, kernel })
          expect(absolute, photo.pathname).toBeLessThan(1)
          expect(Math.abs(signed), photo.pathname).toBeLessThan(0.6)
        }
        expect(shrunk).toBeGreaterThan(30)
      },
    )
  },
)
