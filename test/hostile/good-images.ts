import sharp, { type Sharp } from 'sharp'
import { randomNumbers } from '../support/random-numbers.ts'

export interface NamedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Enough detail that no row is like another, and small enough that thousands of variants take a minute. */
function picture(width: number, height: number, channels: 3 | 4) {
  const random = randomNumbers(width * height)
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i % 360) / 2 + random(60))
  return sharp(pixels, { raw: { width, height, channels } })
}

const opaque = () => picture(120, 90, 3)
const translucent = () => picture(90, 70, 4)
/** Four frames, one after another. */
async function animation(): Promise<Sharp> {
  const frames = ['red', 'green', 'blue', 'white'].map((background) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer(),
  )
  return sharp(await Promise.all(frames), { join: { animated: true } })
}

/** One of every kind that the edge decodes. */
export async function goodImages(): Promise<NamedFile[]> {
  const animated = await animation()
  const kinds: [name: string, bytes: Promise<Uint8Array>][] = [
    ['baseline.jpg', opaque().jpeg({ quality: 90 }).withMetadata({ orientation: 6 }).toBuffer()],
    ['444.jpg', opaque().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
    ['progressive.jpg', opaque().jpeg({ progressive: true }).toBuffer()],
    ['grey.jpg', opaque().toColourspace('b-w').jpeg().toBuffer()],
    ['cmyk.jpg', opaque().toColourspace('cmyk').jpeg().toBuffer()],
    ['rgb.png', opaque().png().toBuffer()],
    ['rgba.png', translucent().png().toBuffer()],
    ['palette.png', opaque().png({ palette: true, colours: 16 }).toBuffer()],
    ['grey.png', opaque().toColourspace('b-w').png().toBuffer()],
    ['16-bit.png', opaque().toColourspace('rgb16').png().toBuffer()],
    ['interlaced.png', opaque().png({ progressive: true }).toBuffer()],
    ['lossy.webp', opaque().webp().withMetadata({ orientation: 3 }).toBuffer()],
    ['alpha.webp', translucent().webp().toBuffer()],
    ['lossless.webp', translucent().webp({ lossless: true }).toBuffer()],
    ['animated.webp', animated.clone().webp({ loop: 0, delay: 50 }).toBuffer()],
    ['still.gif', opaque().gif().toBuffer()],
    ['interlaced.gif', translucent().gif({ interFrameMaxError: 0, progressive: true }).toBuffer()],
    ['animated.gif', animated.clone().gif({ delay: 50 }).toBuffer()],
  ]
  return Promise.all(kinds.map(async ([name, bytes]) => ({ name, bytes: new Uint8Array(await bytes) })))
}
