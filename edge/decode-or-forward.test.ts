import { describe, expect, test } from 'vitest'
import type { ImageType } from '../shared/image-type.ts'
import { codecs } from '../test/support/node-codecs.ts'
import { photoRules } from '../test/support/photo-rules.ts'
import { scene } from '../test/support/scene.ts'
import { type PhotoIntake, prepareInput, takenTypes } from './decode-or-forward.ts'
import { ACCEPTED_IMAGE_TYPES } from './image/accepted-types.ts'
import { photoToTensor } from './image/photo-to-tensor.ts'

const RESIZE = { mode: 'cover', size: 32, crop: 32, kernel: 'cubic' } as const
const intake: PhotoIntake = {
  decodePhoto: (bytes, rules) => photoToTensor(bytes, rules, codecs),
  decodedTypes: ACCEPTED_IMAGE_TYPES,
  maxEncodedBytes: 100_000,
}
const undecoding: PhotoIntake = {
  ...intake,
  decodePhoto: () => {
    throw new Error('must not be asked to decode')
  },
}

const jpeg = await scene(120, 90).jpeg().toBuffer()
const png = await scene(120, 90).png().toBuffer()
const avif = await scene(60, 40).avif({ effort: 0 }).toBuffer()
const tiff = await scene(60, 40).tiff().toBuffer()
const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic')
/** Its frame header says that it is coded arithmetically. */
const arithmetic = patched(jpeg, (file, frame) => file.writeUInt8(0xc9, frame + 1))
const of60Megapixels = patched(jpeg, (file, frame) => {
  file.writeUInt16BE(6_000, frame + 5)
  file.writeUInt16BE(10_000, frame + 7)
})

function patched(file: Buffer, change: (copy: Buffer, frame: number) => void): Buffer {
  const copy = Buffer.from(file)
  change(copy, copy.indexOf(Buffer.from([0xff, 0xc0])))
  return copy
}

const rules = (at: 'edge' | 'auto' | 'pool', ...formats: ImageType[]) => photoRules(RESIZE, { at, formats })
const encoded = (type: ImageType, bytes: Uint8Array) => ({ kind: 'encoded', type, bytes })

describe('for a model whose photos are decoded at the edge', () => {
  test('a photo becomes a tensor', async () => {
    const input = await prepareInput(jpeg, rules('edge'), intake)
    expect(input).toEqual({ kind: 'tensor', bytes: await photoToTensor(jpeg, rules('edge'), codecs) })
  })

  test.each([
    ['AVIF', avif, 'unsupported-image'],
    ['an arithmetic JPEG', arithmetic, 'unsupported-image'],
    ['a JPEG of 60 megapixels', of60Megapixels, 'image-too-large'],
    ['nothing', Buffer.alloc(0), 'empty-image'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(prepareInput(bytes, rules('edge'), intake)).rejects.toMatchObject({ code })
  })
})

describe('for a model whose photos may travel encoded', () => {
  const auto = rules('auto', 'jpeg', 'avif')

  test('what the edge decodes becomes a tensor, listed or not', async () => {
    expect((await prepareInput(jpeg, auto, intake)).kind).toBe('tensor')
    expect((await prepareInput(png, auto, intake)).kind).toBe('tensor')
  })

  test.each<[string, Buffer, ImageType]>([
    ['a type that the edge does not decode', avif, 'avif'],
    ['a kind of a type that it does not decode', arithmetic, 'jpeg'],
    ['a photo with too many pixels for it', of60Megapixels, 'jpeg'],
  ])('%s goes on as it is, if its type is listed', async (_, bytes, type) => {
    expect(await prepareInput(bytes, auto, intake)).toEqual(encoded(type, bytes))
  })

  test('a type that is not listed is refused with all that are taken', async () => {
    for (const bytes of [tiff, heic, Buffer.from('hello')]) {
      await expect(prepareInput(bytes, auto, intake)).rejects.toMatchObject({
        code: 'unsupported-image',
        detail: expect.stringContaining('JPEG, PNG, WebP, GIF or AVIF'),
      })
    }
  })

  test('what the edge declines keeps its reason, if its type is not listed', async () => {
    const avifOnly = rules('auto', 'avif')
    await expect(prepareInput(of60Megapixels, avifOnly, intake)).rejects.toMatchObject({
      code: 'image-too-large',
    })
    await expect(prepareInput(arithmetic, avifOnly, intake)).rejects.toMatchObject({
      code: 'unsupported-image',
      detail: expect.stringContaining('JPEG'),
    })
  })

  test.each([
    ['cut short', jpeg.subarray(0, jpeg.length / 2), 'undecodable-image'],
    ['empty', Buffer.alloc(0), 'empty-image'],
  ])('a file that is %s is refused at once', async (_, bytes, code) => {
    await expect(prepareInput(bytes, auto, intake)).rejects.toMatchObject({ code })
  })

  test('a file with as many bytes as may travel goes on, one with one more does not', async () => {
    const tight = { ...intake, maxEncodedBytes: avif.length }
    expect(await prepareInput(avif, auto, tight)).toEqual(encoded('avif', avif))
    await expect(prepareInput(Buffer.concat([avif, Buffer.of(0)]), auto, tight)).rejects.toMatchObject({
      code: 'body-too-large',
    })
  })

  test('a failure on our side stays one', async () => {
    await expect(prepareInput(jpeg, auto, undecoding)).rejects.toThrow('must not be asked')
  })
})

describe('for a model whose photos are decoded in the pool', () => {
  const pool = rules('pool', 'jpeg', 'tiff')

  test('photos of the listed types go on as they are, undecoded', async () => {
    expect(await prepareInput(jpeg, pool, undecoding)).toEqual(encoded('jpeg', jpeg))
    expect(await prepareInput(arithmetic, pool, undecoding)).toEqual(encoded('jpeg', arithmetic))
    expect(await prepareInput(tiff, pool, undecoding)).toEqual(encoded('tiff', tiff))
  })

  test('other types are refused with those that are taken, also if the edge could decode them', async () => {
    await expect(prepareInput(png, pool, undecoding)).rejects.toMatchObject({
      code: 'unsupported-image',
      detail: expect.stringMatching(/^PNG .* JPEG or TIFF\.$/),
    })
  })

  test.each([
    ['no bytes', Buffer.alloc(0), 'empty-image'],
    ['a header that ends too soon', jpeg.subarray(0, 40), 'undecodable-image'],
    ['text', Buffer.from('hello'), 'unsupported-image'],
    ['too many bytes', Buffer.concat([jpeg, Buffer.alloc(100_000)]), 'body-too-large'],
  ])('a file with %s is refused', async (_, bytes, code) => {
    await expect(prepareInput(bytes, pool, undecoding)).rejects.toMatchObject({ code })
  })
})

test('what is taken: at the edge its own types, in the pool the listed ones, else both', () => {
  const taken = (at: 'edge' | 'auto' | 'pool', ...formats: ImageType[]) =>
    takenTypes(rules(at, ...formats), { decodedTypes: ['png', 'jpeg'] })
  expect(taken('edge')).toEqual(['jpeg', 'png'])
  expect(taken('auto', 'tiff', 'jpeg')).toEqual(['jpeg', 'png', 'tiff'])
  expect(taken('pool', 'tiff', 'avif')).toEqual(['avif', 'tiff'])
})
