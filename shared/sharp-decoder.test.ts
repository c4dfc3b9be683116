import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { FURTHER_GOOD, GOOD, hostilePhotoSuite } from '../test/support/hostile-photo-suite.ts'
import { photoDecoderSuite } from '../test/support/photo-decoder-suite.ts'
import { photoRules } from '../test/support/photo-rules.ts'
import { FURTHER_KINDS, scene } from '../test/support/scene.ts'
import type { Resize } from './model-manifest.ts'
import { createSharpDecoder } from './sharp-decoder.ts'

const OPTIONS = {
  types: ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'],
  maxPixels: 50_000_000,
  timeoutSeconds: 60,
} as const
const COVER: Resize = { mode: 'cover', size: 64, crop: 56, kernel: 'cubic' }
const decode = createSharpDecoder(sharp, OPTIONS)

photoDecoderSuite({ name: 'the sharp decoder', decode, furtherKinds: FURTHER_KINDS })
hostilePhotoSuite(decode, { ...GOOD, ...FURTHER_GOOD })

describe('the sharp decoder', () => {
  test('takes no type that it was not told to take, and says which it takes', async () => {
    const pngOnly = createSharpDecoder(sharp, { ...OPTIONS, types: ['png'] })
    const [jpeg, png] = [await scene(90, 70).jpeg().toBuffer(), await scene(90, 70).png().toBuffer()]
    await expect(pngOnly(jpeg, photoRules(COVER))).rejects.toMatchObject({
      code: 'unsupported-image',
      detail: 'JPEG is not supported; send one of PNG.',
    })
    expect(await pngOnly(png, photoRules(COVER))).toHaveLength(56 * 56 * 3)
  })

  test.each(['gif', 'tiff', 'avif', 'png'] as const)(
    'holds the header of a %s against the limit',
    async (type) => {
      const strict = createSharpDecoder(sharp, { ...OPTIONS, maxPixels: 5_999 })
      const options = type === 'avif' ? { effort: 0 } : {}
      const file = await scene(100, 60).toFormat(type, options).toBuffer()
      await expect(strict(file, photoRules(COVER))).rejects.toMatchObject({ code: 'image-too-large' })
    },
  )

  test('holds an AVIF, whose codec takes more of everything, against a quarter of the limit', async () => {
    const file = await scene(100, 60).avif({ effort: 0 }).toBuffer()
    const limited = (maxPixels: number) => createSharpDecoder(sharp, { ...OPTIONS, maxPixels })
    expect(await limited(24_000)(file, photoRules(COVER))).toHaveLength(56 * 56 * 3)
    await expect(limited(23_999)(file, photoRules(COVER))).rejects.toMatchObject({ code: 'image-too-large' })
  })

  test('reads the view it was given, and leaves it as it was', async () => {
    const png = await scene(90, 70).png().toBuffer()
    const view = Buffer.concat([Buffer.from('....'), png]).subarray(4)
    const before = Buffer.from(view)
    expect(await decode(view, photoRules(COVER))).toEqual(await decode(png, photoRules(COVER)))
    expect(view.equals(before)).toBe(true)
  })
})
