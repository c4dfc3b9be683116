import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { expect } from 'vitest'
import { readJpegHeader } from '../../edge/image/jpeg/jpeg-header.ts'
import { type JpegScale, reducedLength } from '../../edge/image/jpeg/jpeg-scale.ts'
import { Libjpeg } from '../../edge/image/jpeg/libjpeg.ts'
import { cmykToRgbx } from '../../shared/cmyk-to-rgb.ts'

const file = new URL('../../edge/image/jpeg/libjpeg/libjpeg.wasm', import.meta.url)
export const libjpegBytes = readFileSync(file)
export const libjpegModule = new WebAssembly.Module(libjpegBytes)
/** One for all photos, so that each is decoded after many others. */
export const libjpeg = new Libjpeg(libjpegModule)

export const SCALES = [1, 2, 4, 8] as const

/** 4 bytes a pixel. Checks the contract of the sink on the way. */
export function decodedJpeg(
  jpeg: Uint8Array,
  eighths: JpegScale = 8,
  truncated: 'refuse' | 'accept' = 'refuse',
): Buffer {
  const header = readJpegHeader(jpeg)
  const [width, height] = [reducedLength(header.width, eighths), reducedLength(header.height, eighths)]
  const strips: Buffer[] = []
  libjpeg.decode(jpeg, header, eighths, truncated, (rows) => {
    expect(rows.length % (width * 4)).toBe(0)
    strips.push(Buffer.from(rows))
  })
  const pixels = Buffer.concat(strips)
  expect(pixels).toHaveLength(width * height * 4)
  return pixels
}

/** The same by libvips, at full size. */
export async function jpegReference(jpeg: Buffer): Promise<Buffer> {
  const { space } = await sharp(jpeg).metadata()
  if (space !== 'cmyk')
    return sharp(jpeg, { failOn: 'none' }).toColourspace('srgb').ensureAlpha().raw().toBuffer()
  const inks = await sharp(jpeg).pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer()
  cmykToRgbx(inks, false)
  return inks
}

/** Of all samples but every fourth, which means nothing. */
export function difference(ours: Buffer, theirs: Buffer): { mean: number; largest: number } {
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
