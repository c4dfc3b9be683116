import type { WebpHeader } from './webp-header.ts'

const OVERHEAD_BYTES = 512 * 1024
/** Measured on photos of 2 to 24 MP: a lossy picture takes rows, a lossless one pixels and their code tables. */
const LOSSY_BYTES_A_COLUMN = 200
const LOSSLESS_BYTES_A_PIXEL = 4.4
const ALPHA_BYTES_A_PIXEL = 6.5

/** Bytes of WebAssembly memory that decoding takes; an estimate, as its code tables depend on the picture. */
export function webpDecoderBytes({ frame, lossless, image, alphaPlane }: WebpHeader): number {
  const pixels = frame.width * frame.height
  const input = image.end - image.start + (alphaPlane === undefined ? 0 : alphaPlane.end - alphaPlane.start)
  const picture = lossless ? pixels * LOSSLESS_BYTES_A_PIXEL : frame.width * LOSSY_BYTES_A_COLUMN
  const alpha = alphaPlane === undefined ? 0 : pixels * ALPHA_BYTES_A_PIXEL
  return Math.ceil(OVERHEAD_BYTES + input + picture + alpha)
}
