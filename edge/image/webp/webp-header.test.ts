import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { chunk, imageChunks, writeAnimation, writeWebp } from '../../../test/support/webp-writer.ts'
import { MAX_CHUNKS } from './webp-chunks.ts'
import { readWebpHeader } from './webp-header.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })
const lossy = await picture.clone().webp().toBuffer()
const lossless = await picture.clone().webp({ lossless: true }).toBuffer()
const translucent = await picture.clone().ensureAlpha(0.5).webp().toBuffer()
const refusal = (code: string) => expect.objectContaining({ code })

describe('readWebpHeader, of a still picture', () => {
  test('reads the sides of lossy, lossless and extended files', async () => {
    expect(readWebpHeader(lossy)).toEqual({
      type: 'webp',
      width: 50,
      height: 30,
      orientation: 1,
      lossless: false,
      alpha: false,
      frames: 1,
      frame: { left: 0, top: 0, width: 50, height: 30 },
      image: { start: 20, end: lossy.length },
      alphaPlane: undefined,
    })
    expect(readWebpHeader(lossless)).toMatchObject({ width: 50, height: 30, lossless: true })
    const turned = await picture.clone().webp().withMetadata({ orientation: 5 }).toBuffer()
    expect(readWebpHeader(turned)).toMatchObject({ width: 50, height: 30, orientation: 5, frames: 1 })
  })

  test('tells alpha, lossy and lossless', async () => {
    const { alpha, alphaPlane, image } = readWebpHeader(translucent)
    expect(alpha).toBe(true)
    expect(alphaPlane?.end).toBe(image.start - 8)
    const losslessAlpha = await picture.clone().ensureAlpha(0.5).webp({ lossless: true }).toBuffer()
    expect(readWebpHeader(losslessAlpha)).toMatchObject({ alpha: true, lossless: true })
    expect(readWebpHeader(lossless)).toMatchObject({ alpha: false })
  })

  test('refuses a canvas that differs from its frame', async () => {
    const webp = await picture.clone().webp().withMetadata({ orientation: 5 }).toBuffer()
    webp[24] = 99
    expect(() => readWebpHeader(webp)).toThrow(refusal('undecodable-image'))
  })

  test('refuses a file without a frame, and one cut off anywhere', () => {
    for (let length = 12; length < lossy.length; length++) {
      expect(() => readWebpHeader(lossy.subarray(0, length))).toThrow(refusal('undecodable-image'))
    }
    expect(() => readWebpHeader(writeWebp([]))).toThrow(refusal('undecodable-image'))
  })

  test('ignores what follows the file, and refuses a chunk that reaches beyond it', () => {
    const followed = Buffer.concat([lossy, Buffer.from('more')])
    expect(readWebpHeader(followed)).toEqual(readWebpHeader(lossy))
    const reaching = Buffer.from(followed)
    reaching.writeUInt32LE(reaching.readUInt32LE(16) + 4, 16)
    expect(() => readWebpHeader(reaching)).toThrow(refusal('undecodable-image'))
  })

  test('walks past unknown chunks, but not past a million of them', () => {
    const unknown = chunk('abcd')
    const file = (count: number) =>
      writeWebp([Buffer.concat(Array<Buffer>(count).fill(unknown)), ...imageChunks(lossy)])
    expect(readWebpHeader(file(MAX_CHUNKS - 1))).toMatchObject({ width: 50, height: 30 })
    expect(() => readWebpHeader(file(MAX_CHUNKS))).toThrow(refusal('undecodable-image'))
  })
})

describe('readWebpHeader, of an animation', () => {
  const frame = { left: 4, top: 6, width: 50, height: 30, still: lossy }
  const canvas = { width: 60, height: 40 }

  test('reads the canvas, the first frame and the number of frames', () => {
    const file = writeAnimation(canvas, [frame, { ...frame, left: 0, still: translucent }, frame])
    expect(readWebpHeader(file)).toMatchObject({
      ...{ width: 60, height: 40, frames: 3, lossless: false, alpha: true, alphaPlane: undefined },
      frame: { left: 4, top: 6, width: 50, height: 30 },
    })
  })

  test('has no alpha if an opaque frame fills the canvas', () => {
    const filling = { ...frame, left: 0, top: 0 }
    expect(readWebpHeader(writeAnimation({ width: 50, height: 30 }, [filling]))).toMatchObject({
      alpha: false,
    })
    const translucentFrame = { ...filling, still: translucent }
    const { alpha, alphaPlane } = readWebpHeader(
      writeAnimation({ width: 50, height: 30 }, [translucentFrame]),
    )
    expect(alpha).toBe(true)
    expect(alphaPlane).toBeDefined()
  })

  test('reads what libvips writes', async () => {
    const pages = [await picture.clone().png().toBuffer(), await picture.clone().negate().png().toBuffer()]
    const file = await sharp(pages, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect(readWebpHeader(file)).toMatchObject({ width: 50, height: 30, frames: 2 })
  })

  test('refuses a frame that is not within its canvas, and one that lies about its size', () => {
    for (const wrong of [
      { ...frame, left: 12 },
      { ...frame, top: 12 },
      { ...frame, width: 49 },
      { ...frame, height: 31 },
      { ...frame, still: writeWebp([]) },
    ]) {
      expect(() => readWebpHeader(writeAnimation(canvas, [wrong]))).toThrow(refusal('undecodable-image'))
    }
  })

  test('refuses frames without a canvas, and a canvas beyond what any frame can fill', () => {
    const file = writeAnimation(canvas, [frame])
    const withoutCanvas = writeWebp([file.subarray(file.indexOf('ANMF'))])
    expect(() => readWebpHeader(withoutCanvas)).toThrow(refusal('undecodable-image'))
    const vast = writeAnimation({ width: 16_385, height: 40 }, [frame])
    expect(() => readWebpHeader(vast)).toThrow(refusal('image-too-large'))
  })

  test('counts frames up to a bound', () => {
    const tiny = { ...frame, still: writeWebp([]) }
    const file = writeAnimation(canvas, [frame, ...Array<typeof tiny>(MAX_CHUNKS).fill(tiny)])
    expect(readWebpHeader(file).frames).toBe(MAX_CHUNKS - 2)
  })
})
