import { decodeGif } from '../../edge/image/gif/gif-decoder.ts'
import { readGifHeader } from '../../edge/image/gif/gif-header.ts'
import { randomNumbers } from './random-numbers.ts'

export interface DecodedGif {
  readonly data: Buffer
  readonly width: number
  readonly height: number
}

/** Rows are scribbled over once they are copied, as a caller may do. */
export function decodeWholeGif(file: Uint8Array): DecodedGif {
  const header = readGifHeader(file)
  const strips: Buffer[] = []
  decodeGif(file, header, (rows) => {
    strips.push(Buffer.from(rows))
    rows.fill(0x55)
  })
  return { data: Buffer.concat(strips), width: header.width, height: header.height }
}

export function palette(entries: number, seed = 1): Uint8Array {
  const random = randomNumbers(seed)
  return Uint8Array.from({ length: entries * 3 }, () => random(256))
}

/** Noise takes the code table to its end soon; stripes make long strings. */
export function noise(width: number, height: number, colours: number): Uint8Array {
  const random = randomNumbers(width)
  return Uint8Array.from({ length: width * height }, () => random(colours))
}
export function stripes(width: number, height: number, colours: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => (i >> 6) % colours)
}
