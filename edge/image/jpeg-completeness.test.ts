import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { reachesEndOfImage } from './jpeg-completeness.ts'
import { readJpegHeader } from './jpeg-header.ts'

const noise = Uint8Array.from({ length: 40 * 40 * 3 }, (_, i) => (i * i * 7919) >> 3)
const picture = sharp(noise, { raw: { width: 40, height: 40, channels: 3 } })

describe('reachesEndOfImage', () => {
  test.each([false, true])(
    'tells a whole file from one cut off in its scans (progressive: %s)',
    async (progressive) => {
      const jpeg = await picture.clone().jpeg({ progressive, quality: 95 }).toBuffer()
      const { scanOffset } = readJpegHeader(jpeg)
      expect(reachesEndOfImage(jpeg, scanOffset)).toBe(true)
      for (let length = scanOffset; length < jpeg.length; length += 7) {
        expect(reachesEndOfImage(jpeg.subarray(0, length), scanOffset)).toBe(false)
      }
    },
  )

  test('does not mind bytes after the end, such as a second picture', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer()
    const { scanOffset } = readJpegHeader(jpeg)
    expect(reachesEndOfImage(Buffer.concat([jpeg, jpeg.subarray(0, 100)]), scanOffset)).toBe(true)
  })

  test('does not take an end marker inside a segment for the end', () => {
    const scan = [0, 2, 0x12, 0xff, 0x00, 0xff, 0xd3]
    const comment = [0xff, 0xfe, 0, 4, 0xff, 0xd9]
    expect(reachesEndOfImage(Uint8Array.from([...scan, ...comment]), 0)).toBe(false)
    expect(reachesEndOfImage(Uint8Array.from([...scan, ...comment, 0xff, 0xff, 0xd9]), 0)).toBe(true)
  })
})
