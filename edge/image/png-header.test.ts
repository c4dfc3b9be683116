import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { readPngHeader } from './png-header.ts'

const picture = sharp({ create: { width: 50, height: 30, channels: 3, background: 'teal' } })

describe('readPngHeader', () => {
  test('reads sides and orientation', async () => {
    const plain = await picture.clone().png().toBuffer()
    expect(readPngHeader(plain)).toEqual({ type: 'png', width: 50, height: 30, orientation: 1 })
    const turned = await picture.clone().png().withMetadata({ orientation: 8 }).toBuffer()
    expect(readPngHeader(turned)).toMatchObject({ width: 50, height: 30, orientation: 8 })
  })

  test('reads 32-bit sides as unsigned', async () => {
    const png = await picture.clone().png().toBuffer()
    png.writeUInt32BE(0xffffffff, 16)
    expect(readPngHeader(png).width).toBe(0xffffffff)
  })

  test('refuses a file without a whole header chunk in front', async () => {
    const png = await picture.clone().png().toBuffer()
    const unnamed = Buffer.from(png).fill(0x20, 12, 16)
    for (const bytes of [png.subarray(0, 8), png.subarray(0, 32), unnamed]) {
      expect(() => readPngHeader(bytes)).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
    }
  })

  test('refuses a file without its end, and one whose chunk lengths lead out of it', async () => {
    const png = await picture.clone().png().toBuffer()
    const astray = Buffer.from(png)
    astray.writeUInt32BE(0xffffffff, 33)
    for (const bytes of [png.subarray(0, -12), png.subarray(0, 60), astray]) {
      expect(() => readPngHeader(bytes)).toThrow(expect.objectContaining({ code: 'undecodable-image' }))
    }
  })
})
