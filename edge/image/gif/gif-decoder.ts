import type { GifFrame, GifHeader } from './gif-header.ts'
import { expandGifLzw } from './gif-lzw.ts'

/** Rows are handed over in strips of about this size, 64 KiB. */
const STRIP_PIXELS = 16 * 1024

/**
 * The first frame on its picture. `sink` is called with whole rows, top to bottom, RGBA, alpha 255 or 0 (then all four bytes
 * are 0), `width` * 4 bytes a row, `height` rows in all. What it gets may be written to, and is valid only within the call.
 * Transparent are the transparent index, what lies around the frame, and indices that the palette has no entry for.
 *
 * Memory: frame.width x frame.height bytes, and a strip (one row at least, `width` * 4 bytes). Time goes with these
 * pixels, with width x height, and with the file's length; so the header's sides must have been held against the limits.
 * Throws ProblemError 'undecodable-image', before the first call of `sink`.
 */
export function decodeGif(bytes: Uint8Array, header: GifHeader, sink: (rows: Uint8Array) => void): void {
  const { width, height, frame } = header
  const indices = new Uint8Array(frame.width * frame.height)
  expandGifLzw(bytes, frame.dataOffset, frame.minCodeSize, indices)
  const colours = coloursOf(bytes, frame)
  const stripRows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)))
  const strip = new Uint32Array(width * stripRows)
  const stripBytes = new Uint8Array(strip.buffer)
  for (let top = 0; top < height; top += stripRows) {
    const rows = Math.min(stripRows, height - top)
    strip.fill(0)
    for (let row = 0; row < rows; row++) {
      const y = top + row - frame.top
      if (y < 0 || y >= frame.height) continue
      const from = frame.width * (frame.interlaced ? interlacedPosition(y, frame.height) : y)
      paint(strip, row * width + frame.left, indices, from, frame.width, colours)
    }
    sink(stripBytes.subarray(0, rows * width * 4))
  }
}

function paint(
  strip: Uint32Array,
  at: number,
  indices: Uint8Array,
  from: number,
  count: number,
  colours: Uint32Array,
): void {
  for (let x = 0; x < count; x++) strip[at + x] = colours[indices[from + x] as number] as number
}

/** RGBA of each index, as it lies in memory. Without any palette, libnsgif has black and white. */
function coloursOf(bytes: Uint8Array, frame: GifFrame): Uint32Array {
  const { paletteOffset: offset, paletteEntries: entries, transparentIndex } = frame
  const palette = entries > 0 ? bytes.subarray(offset, offset + 3 * entries) : BLACK_AND_WHITE
  const rgba = new Uint8Array(256 * 4)
  for (let from = 0, to = 0; from < palette.length; from += 3, to += 4) {
    rgba.set(palette.subarray(from, from + 3), to)
    rgba[to + 3] = 255
  }
  const colours = new Uint32Array(rgba.buffer)
  if (transparentIndex !== undefined) colours[transparentIndex] = 0
  return colours
}

const BLACK_AND_WHITE = Uint8Array.of(0, 0, 0, 255, 255, 255)

/** Which of the stored rows is row `y` of an interlaced frame: those of earlier passes come before it. */
function interlacedPosition(y: number, height: number): number {
  if (y % 8 === 0) return y / 8
  const first = Math.ceil(height / 8)
  if (y % 8 === 4) return first + (y - 4) / 8
  const second = first + Math.ceil((height - 4) / 8)
  if (y % 4 === 2) return second + (y - 2) / 4
  return second + Math.ceil((height - 2) / 4) + (y - 1) / 2
}
