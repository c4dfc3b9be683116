import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import type { Sharp } from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Resize } from '../../shared/model-manifest.ts'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { differences, photoReference } from './photo-reference.ts'
import { photoRules } from './photo-rules.ts'
import { NO_PHOTOS, photoFiles } from './photos.ts'
import { REFUSED_PHOTOS } from './refused-photos.ts'
import { EVERY_KIND, scene } from './scene.ts'

export interface SuiteOptions {
  name: string
  decode: PhotoDecoder
  /** Kinds of files that this decoder takes over and above those that all take. */
  furtherKinds?: Readonly<Record<string, () => Promise<Buffer>>>
}

const COVER: Resize = { mode: 'cover', size: 64, crop: 56, kernel: 'triangle' }
const MODES: readonly Resize[] = [
  COVER,
  { ...COVER, mode: 'contain', size: 56 },
  { ...COVER, mode: 'stretch', size: 56 },
]
const KERNELS = ['triangle', 'cubic', 'lanczos3'] as const
/** Encoders of sharp's, with the settings that change what a decoder has to do. */
const ANY_FORMAT: Readonly<Record<string, (picture: Sharp) => Sharp>> = {
  jpeg: (picture) => picture.jpeg({ quality: 95 }),
  subsampled: (picture) => picture.jpeg({ quality: 80, chromaSubsampling: '4:2:0' }),
  unsubsampled: (picture) => picture.jpeg({ quality: 80, chromaSubsampling: '4:4:4' }),
  progressive: (picture) => picture.jpeg({ progressive: true }),
  grey: (picture) => picture.toColourspace('b-w').jpeg(),
  png: (picture) => picture.png({ adaptiveFiltering: true }),
  interlaced: (picture) => picture.png({ progressive: true }),
  palette: (picture) => picture.png({ palette: true, colours: 64 }),
  webp: (picture) => picture.webp({ quality: 90 }),
  lossless: (picture) => picture.webp({ lossless: true, effort: 0 }),
  gif: (picture) => picture.gif({ effort: 1 }),
}
const TYPES = ['jpeg', 'png', 'webp', 'gif'] as const
/** Types whose files may say that the picture is to be turned. */
const TURNED_TYPES = ['jpeg', 'png', 'webp'] as const

/**
 * What every PhotoDecoder has in common. All are held against the same references, and so against one another: wherever a
 * photo is decoded, a model sees the same.
 */
export function photoDecoderSuite({ name, decode, furtherKinds = {} }: SuiteOptions): void {
  /** Within 1 of 255 on average, and neither lighter nor darker. */
  async function expectReference(
    file: Buffer,
    resize: Resize = COVER,
    what = '',
    maxShift = 0.6,
  ): Promise<void> {
    const tensor = await decode(file, photoRules(resize))
    expect(tensor, what).toHaveLength(resize.crop * resize.crop * 3)
    const { absolute, signed } = differences(tensor, await photoReference(file, resize))
    expect(absolute, what).toBeLessThan(1)
    expect(Math.abs(signed), what).toBeLessThan(maxShift)
  }

  describe(`${name} makes of a photo what a full decode by libvips makes of it`, () => {
    test.each(Object.entries({ ...EVERY_KIND, ...furtherKinds }))('%s', async (_, file) => {
      await expectReference(await file())
    })

    test.each(KERNELS)('with the kernel %s, in every mode', async (kernel) => {
      const file = await scene(1210, 907).jpeg({ quality: 95 }).toBuffer()
      for (const mode of MODES) await expectReference(file, { ...mode, kernel }, mode.mode)
    })

    test.each(KERNELS)('enlarged, wholly or along one side (%s)', async (kernel) => {
      for (const [width, height] of [
        [40, 30],
        [21, 44],
        [300, 20],
        [50, 61],
      ] as const) {
        const file = await scene(width, height).png().toBuffer()
        for (const mode of MODES) {
          await expectReference(file, { ...mode, kernel }, `${width} x ${height}, ${mode.mode}`)
        }
      }
    })

    test.each([1, 2, 3, 4, 5, 6, 7, 8])('upright from orientation %i, of every type', async (orientation) => {
      for (const type of TURNED_TYPES) {
        for (const size of [303, 33]) {
          const picture = scene(size, Math.round(size / 1.5))
          const file = await picture.toFormat(type).withMetadata({ orientation }).toBuffer()
          await expectReference(file, COVER, `${type}, ${size} pixels wide`)
        }
      }
      const png = await scene(300, 200).png().withMetadata({ orientation }).toBuffer()
      await expectReference(png, MODES[1], 'contain')
    })

    test.each([
      [1, 1],
      [2, 3],
      [1, 3000],
      [3000, 1],
      [7, 4001],
      [4001, 9],
    ])('%i x %i pixels, in every mode and type', async (width, height) => {
      for (const type of TYPES) {
        const file = await scene(width, height)
          .toFormat(type, type === 'gif' ? {} : { quality: 95 })
          .toBuffer()
        for (const mode of MODES) await expectReference(file, mode, `${type}, ${mode.mode}`)
      }
    })
  })

  test(`${name} makes of any good image what libvips makes of it`, async () => {
    const images = fc.record({
      width: fc.integer({ min: 100, max: 500 }),
      height: fc.integer({ min: 100, max: 500 }),
      noise: fc.integer({ min: 0, max: 20 }),
      channels: fc.constantFrom(3 as const, 4 as const),
      format: fc.constantFrom(...Object.values(ANY_FORMAT)),
      orientation: fc.integer({ min: 1, max: 8 }),
    })
    const models = fc.record({
      mode: fc.constantFrom('cover' as const, 'contain' as const, 'stretch' as const),
      size: fc.integer({ min: 32, max: 96 }),
      cut: fc.integer({ min: 0, max: 7 }),
      kernel: fc.constantFrom(...KERNELS),
    })
    await fc.assert(
      fc.asyncProperty(images, models, async (image, { mode, size, cut, kernel }) => {
        const { width, height, noise, channels, format, orientation } = image
        const picture = scene(width, height, channels, noise)
        const file = await format(picture).withMetadata({ orientation }).toBuffer()
        const resize = { mode, size, crop: mode === 'cover' ? size - cut : size, kernel }
        // libvips rounds up by up to half a step in each of its two passes.
        await expectReference(file, resize, '', 1)
      }),
      { numRuns: 150, seed: 2, endOnFailure: true },
    )
  })

  const photos = photoFiles()
  describe.skipIf(photos.length === 0)(`${name} on real photos (${photos.length || NO_PHOTOS})`, () => {
    test.each(KERNELS)('is within 1 of 255 of the reference (%s)', async (kernel) => {
      const model: Resize = { mode: 'cover', size: 256, crop: 224, kernel }
      for (const photo of photos) await expectReference(readFileSync(photo), model, photo)
      expect(photos.length).toBeGreaterThan(30)
    })
  })

  test(`${name} takes a JPEG cut short, with the rest in grey, where the model says so`, async () => {
    const jpeg = await scene(400, 300).jpeg({ quality: 95 }).toBuffer()
    const whole = await decode(jpeg, photoRules(COVER))
    const cut = await decode(jpeg.subarray(0, jpeg.length * 0.7), photoRules(COVER, { truncated: 'accept' }))
    const [upperHalf, lastRow] = [56 * 28 * 3, 56 * 55 * 3]
    expect(differences(cut.subarray(0, upperHalf), whole.subarray(0, upperHalf)).absolute).toBeLessThan(1)
    expect(cut.subarray(lastRow).every((value) => Math.abs(value - 128) < 3)).toBe(true)
  })

  test.each(['png', 'webp', 'gif'] as const)(
    `${name} takes no %s cut short, whatever the model says`,
    async (type) => {
      const file = await scene(400, 300).toFormat(type).toBuffer()
      await expect(
        decode(file.subarray(0, file.length / 2), photoRules(COVER, { truncated: 'accept' })),
      ).rejects.toMatchObject({ code: 'undecodable-image' })
    },
  )

  describe(`${name} refuses`, () => {
    test.each(Object.entries(REFUSED_PHOTOS))('%s', async (_, [code, file]) => {
      const good = await scene(90, 70).jpeg().toBuffer()
      const before = await decode(good, photoRules(COVER))
      await expect(decode(await file(), photoRules(COVER))).rejects.toMatchObject({
        name: 'ProblemError',
        code,
      })
      expect(await decode(good, photoRules(COVER))).toEqual(before)
    })
  })
}
