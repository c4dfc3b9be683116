import type { ByteRange, PngHeader } from './png-header.ts'

const OPAQUE_BLACK = 0xff000000

/**
 * What each sample of at most 8 bits looks like: 256 pixels, RGBA in memory. For palettes, and for grey, of which the
 * shades of less than 8 bits are spread over 0 to 255. Numbers that the palette lacks are black, as in libpng. Undefined
 * for other kinds.
 */
export function sampleColours(bytes: Uint8Array, header: PngHeader): Uint32Array | undefined {
  const { colourType, bitDepth, palette, transparency } = header
  const colours = new Uint32Array(256).fill(OPAQUE_BLACK)
  if (colourType === 3 && palette !== undefined) {
    for (let at = palette.start, i = 0; at < palette.end; at += 3, i++) {
      colours[i] = pixel(
        bytes[at] ?? 0,
        bytes[at + 1] ?? 0,
        bytes[at + 2] ?? 0,
        alphaAt(bytes, transparency, i),
      )
    }
    return colours
  }
  if (colourType !== 0 || bitDepth > 8) return undefined
  const white = 2 ** bitDepth - 1
  const transparent = transparency === undefined ? -1 : (bytes[transparency.start + 1] ?? 0) & white
  for (let sample = 0; sample <= white; sample++) {
    const shade = (sample * 255) / white
    colours[sample] = pixel(shade, shade, shade, sample === transparent ? 0 : 255)
  }
  return colours
}

function alphaAt(bytes: Uint8Array, transparency: ByteRange | undefined, index: number): number {
  if (transparency === undefined) return 255
  const at = transparency.start + index
  return at < transparency.end ? (bytes[at] ?? 255) : 255
}

function pixel(red: number, green: number, blue: number, alpha: number): number {
  return (red | (green << 8) | (blue << 16) | (alpha << 24)) >>> 0
}

/** What the decoder takes for "no colour is transparent". */
const NO_COLOUR = -1n

/**
 * The transparent colour of kinds that `sampleColours` does not cover: a pixel as there for RGB of 8 bits, of which tRNS
 * counts the low bytes; all its bits in file order for 16-bit grey and RGB.
 */
export function transparentColour(bytes: Uint8Array, header: PngHeader): bigint {
  const { colourType, bitDepth, transparency } = header
  if (transparency === undefined || colourType === 3) return NO_COLOUR
  const data = bytes.subarray(transparency.start, transparency.end)
  if (bitDepth === 16) return data.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
  return colourType === 2 ? BigInt(pixel(data[1] ?? 0, data[3] ?? 0, data[5] ?? 0, 255)) : NO_COLOUR
}
