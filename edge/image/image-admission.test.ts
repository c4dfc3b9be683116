import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { writeGif } from '../../test/support/gif-writer.ts'
import { decoderBytes } from './decoder-memory.ts'
import { admitImage } from './image-admission.ts'
import { DEFAULT_IMAGE_LIMITS } from './image-limits.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })
const refusal = (code: string) => expect.objectContaining({ code })
const read = (bytes: Uint8Array) => admitImage(bytes, DEFAULT_IMAGE_LIMITS)

/** The height and width of a baseline JPEG, changed in its header. */
function resized(jpeg: Buffer, width: number, height: number): Buffer {
  const frame = jpeg.indexOf(Uint8Array.of(0xff, 0xc0))
  jpeg.writeUInt16BE(height, frame + 5)
  jpeg.writeUInt16BE(width, frame + 7)
  return jpeg
}

describe('admitImage', () => {
  test('refuses a JPEG of 65,500 x 65,500 by its header', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    expect(() => read(resized(jpeg, 65500, 65500))).toThrow(refusal('image-too-large'))
  })

  test('refuses sides of 0', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    expect(() => read(resized(jpeg, 0, 30))).toThrow(refusal('undecodable-image'))
    expect(() => read(resized(jpeg, 50, 0))).toThrow(refusal('undecodable-image'))
  })

  const files = async () => ({
    jpeg: await picture.clone().jpeg().toBuffer(),
    png: await picture.clone().png().toBuffer(),
    webp: await picture.clone().webp().toBuffer(),
    gif: await picture.clone().gif().toBuffer(),
  })

  test('has a limit of pixels for each type, and takes a picture just at it', async () => {
    for (const [type, bytes] of Object.entries(await files())) {
      const limits = (pixels: number) => ({
        ...DEFAULT_IMAGE_LIMITS,
        maxPixels: { ...DEFAULT_IMAGE_LIMITS.maxPixels, [type]: pixels },
      })
      expect(admitImage(bytes, limits(1500))).toMatchObject({ width: 50, height: 30 })
      expect(() => admitImage(bytes, limits(1499))).toThrow(refusal('image-too-large'))
    }
  })

  test('has a limit of memory for each type, and takes a picture just at it', async () => {
    for (const [type, bytes] of Object.entries(await files())) {
      const needed = decoderBytes(read(bytes))
      const limits = (memory: number) => ({
        ...DEFAULT_IMAGE_LIMITS,
        maxDecoderBytes: { ...DEFAULT_IMAGE_LIMITS.maxDecoderBytes, [type]: memory },
      })
      expect(admitImage(bytes, limits(needed))).toMatchObject({ width: 50, height: 30 })
      expect(() => admitImage(bytes, limits(needed - 1))).toThrow(refusal('image-too-large'))
    }
  })

  test('refuses a side of more than 65,535 pixels, which only PNG can have', async () => {
    const png = await picture.clone().png().toBuffer()
    png.writeUInt32BE(65_535, 16)
    png.writeUInt32BE(1, 20)
    expect(read(png)).toMatchObject({ width: 65_535 })
    png.writeUInt32BE(65_536, 16)
    expect(() => read(png)).toThrow(refusal('image-too-large'))
  })

  test('refuses a GIF whose frame is large, however small its screen, and one of too many frames', async () => {
    const gif = await picture.clone().gif().toBuffer()
    const large = Buffer.from(gif)
    large.writeUInt32LE(0xffffffff, gif.indexOf(Uint8Array.of(0x2c, 0, 0, 0, 0, 50, 0, 30, 0)) + 5)
    expect(() => read(large)).toThrow(refusal('image-too-large'))
    const frame = { width: 1, height: 1, pixels: Uint8Array.of(1) }
    const frames = (count: number) =>
      writeGif({ width: 1, height: 1, frames: Array.from({ length: count }, () => frame) })
    expect(read(frames(1000))).toMatchObject({ frames: 1000 })
    expect(() => read(frames(1001))).toThrow(refusal('image-too-large'))
  })

  test('takes a progressive JPEG of 12 MP at 4:2:0, refuses it at 4:4:4 and lossless WebP of 6 MP for their memory', async () => {
    const large = sharp({ create: { width: 4000, height: 3000, channels: 3, background: 'teal' } })
    const progressive = (chromaSubsampling: string) =>
      large.clone().jpeg({ progressive: true, chromaSubsampling }).toBuffer()
    expect(read(await progressive('4:2:0'))).toMatchObject({ buffered: true })
    const [unsubsampled, lossless] = [
      await progressive('4:4:4'),
      await large.clone().resize(3000, 2000).webp({ lossless: true, effort: 0 }).toBuffer(),
    ]
    for (const file of [unsubsampled, lossless]) expect(() => read(file)).toThrow(refusal('image-too-large'))
    expect(read(await large.webp({ effort: 0 }).toBuffer())).toMatchObject({ width: 4000 })
  })
})
