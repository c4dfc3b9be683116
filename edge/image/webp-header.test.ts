import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { readWebpHeader } from './webp-header.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })
const refusal = (code: string) => expect.objectContaining({ code })

describe('readWebpHeader', () => {
  test('reads the sides of lossy, lossless and extended files', async () => {
    const lossy = await picture.clone().webp().toBuffer()
    expect(readWebpHeader(lossy)).toEqual({
      type: 'webp',
      width: 50,
      height: 30,
      orientation: 1,
      lossless: false,
    })
    const lossless = await picture.clone().webp({ lossless: true }).toBuffer()
    expect(readWebpHeader(lossless)).toMatchObject({ width: 50, height: 30, lossless: true })
    const turned = await picture.clone().webp().withMetadata({ orientation: 5 }).toBuffer()
    expect(readWebpHeader(turned)).toMatchObject({ width: 50, height: 30, orientation: 5 })
  })

  test('refuses a canvas that differs from its frame', async () => {
    const webp = await picture.clone().webp().withMetadata({ orientation: 5 }).toBuffer()
    webp[24] = 99
    expect(() => readWebpHeader(webp)).toThrow(refusal('undecodable-image'))
  })

  test('does not support animations', async () => {
    const frames = [await picture.clone().png().toBuffer(), await picture.clone().negate().png().toBuffer()]
    const animation = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect(animation.includes('ANMF')).toBe(true)
    expect(() => readWebpHeader(animation)).toThrow(refusal('unsupported-image'))
  })

  test('refuses a file without a frame, and one cut off in its header', async () => {
    const webp = await picture.clone().webp().toBuffer()
    for (let length = 12; length < 30; length++) {
      expect(() => readWebpHeader(webp.subarray(0, length))).toThrow(refusal('undecodable-image'))
    }
  })
})
