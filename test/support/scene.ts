import sharp, { type Sharp } from 'sharp'
import { randomNumbers } from './random-numbers.ts'

/**
 * Gradients, waves and a hard edge; without symmetry, so that every wrong turn shows. Alpha, if any, is a gradient too.
 * `noise` is how much of it lies on top, in steps of 255.
 */
export function scene(width: number, height: number, channels: 3 | 4 = 3, noise = 0): Sharp {
  const random = randomNumbers(width * 1009 + height)
  const data = Buffer.alloc(width * height * channels)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height]
      const square = u > 0.6 && v < 0.3 ? 90 : 0
      const pixel = [
        u * 160 + square,
        v * 220,
        120 + 100 * Math.sin(9 * u + 5 * v * v),
        255 * Math.min(1, u + v),
      ]
      const noisy = noise === 0 ? pixel : pixel.map((value) => Math.min(255, value + random(noise + 1)))
      data.set(noisy.slice(0, channels), (y * width + x) * channels)
    }
  }
  return sharp(data, { raw: { width, height, channels } })
}

const big = () => scene(403, 301)
const translucent = () => scene(403, 301, 4)

/** One file of each kind that every decoder takes. */
export const EVERY_KIND: Readonly<Record<string, () => Promise<Buffer>>> = {
  'JPEG 4:2:0': () => big().jpeg().toBuffer(),
  'JPEG 4:4:4': () => big().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
  'JPEG progressive': () => big().jpeg({ progressive: true }).toBuffer(),
  'JPEG grey': () => big().toColourspace('b-w').jpeg().toBuffer(),
  'JPEG CMYK': () => big().toColourspace('cmyk').jpeg().toBuffer(),
  PNG: () => big().png().toBuffer(),
  'PNG grey': () => big().toColourspace('b-w').png().toBuffer(),
  'PNG palette': () => big().png({ palette: true }).toBuffer(),
  'PNG 16 bit': () => big().toColourspace('rgb16').png().toBuffer(),
  'PNG interlaced': () => big().png({ progressive: true }).toBuffer(),
  'PNG alpha': () => translucent().png().toBuffer(),
  'PNG grey and alpha': () => translucent().toColourspace('b-w').png().toBuffer(),
  'PNG palette and alpha': () => translucent().png({ palette: true }).toBuffer(),
  'WebP lossy': () => big().webp().toBuffer(),
  'WebP lossless': () => big().webp({ lossless: true }).toBuffer(),
  'WebP alpha': () => translucent().webp().toBuffer(),
  'WebP lossless alpha': () => translucent().webp({ lossless: true }).toBuffer(),
  'WebP of several frames': async () =>
    sharp([await big().png().toBuffer(), await big().negate().png().toBuffer()], { join: { animated: true } })
      .webp()
      .toBuffer(),
  GIF: () => big().gif().toBuffer(),
  'GIF interlaced': () => big().gif({ progressive: true }).toBuffer(),
  'GIF transparent': () => translucent().gif().toBuffer(),
  'GIF of several frames': async () =>
    sharp([await big().png().toBuffer(), await big().negate().png().toBuffer()], { join: { animated: true } })
      .gif()
      .toBuffer(),
}

/** The same of types that not every decoder takes. */
export const FURTHER_KINDS: Readonly<Record<string, () => Promise<Buffer>>> = {
  'TIFF of JPEG': () => big().tiff().toBuffer(),
  'TIFF tiled, with alpha': () => translucent().tiff({ compression: 'lzw', tile: true }).toBuffer(),
  'TIFF CMYK': () => big().toColourspace('cmyk').tiff({ compression: 'deflate' }).toBuffer(),
  'TIFF turned by EXIF': () => big().tiff().withMetadata({ orientation: 6 }).toBuffer(),
  AVIF: () => big().avif({ effort: 0 }).toBuffer(),
  'AVIF alpha': () => translucent().avif({ effort: 0 }).toBuffer(),
  'AVIF turned by EXIF': () => big().avif({ effort: 0 }).withMetadata({ orientation: 8 }).toBuffer(),
}
