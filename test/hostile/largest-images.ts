import sharp, { type Sharp } from 'sharp'
import { randomNumbers } from '../support/random-numbers.ts'
import type { NamedFile } from './good-images.ts'

/** Good images just within the limits, each with as much detail as an upload of 10 MiB has room for. */
export async function largestImages(): Promise<NamedFile[]> {
  const files: [name: string, file: Sharp][] = [
    ['baseline JPEG of 50 MP', noise(8_300, 6_000, 40).jpeg({ quality: 55 })],
    ['progressive JPEG of 12 MP', noise(4_000, 3_000, 60).jpeg({ quality: 70, progressive: true })],
    ['JPEG of 65,500 x 700', noise(65_500, 700, 60).jpeg({ quality: 60 })],
    ['PNG of 16 MP, RGBA, 16 bits', noise(4_000, 4_000, 1).ensureAlpha(0.5).toColourspace('rgb16').png()],
    ['PNG of 10 MP, RGB', noise(4_000, 2_500, 2).png()],
    ['PNG of 1.8 MP, interlaced', noise(1_600, 1_150, 60).png({ progressive: true, compressionLevel: 1 })],
    ['lossy WebP of 16 MP', noise(4_000, 4_000, 60).webp({ quality: 60, effort: 0 })],
    ['lossless WebP of 2 MP', noise(1_600, 1_250, 40).webp({ lossless: true, effort: 0 })],
    ['WebP of 2.1 MP with alpha', noise(1_500, 1_400, 60, 4).webp({ quality: 60, effort: 0 })],
    ['GIF of 6 MP', noise(2_500, 2_400, 60).gif({ effort: 1, dither: 0 })],
  ]
  return Promise.all(
    files.map(async ([name, file]) => ({ name, bytes: new Uint8Array(await file.toBuffer()) })),
  )
}

/** A gradient under noise of so many steps of 255; no row is like another. */
function noise(width: number, height: number, steps: number, channels: 3 | 4 = 3): Sharp {
  const random = randomNumbers(width)
  const pixels = new Uint8Array(width * height * channels)
  for (let i = 0; i < pixels.length; i++) pixels[i] = ((i >> 12) & 127) + random(steps)
  return sharp(pixels, { raw: { width, height, channels } })
}
