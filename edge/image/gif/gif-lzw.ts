import { undecodable } from '../../../shared/image-problems.ts'

/** Codes have at most 12 bits. When all are used, the table stays as it is until the next clear code. */
const MAX_CODE_BITS = 12
const MAX_CODES = 1 << MAX_CODE_BITS

/**
 * GIF's variant of LZW (GIF89a, appendix F): fills `pixels` with palette indices, and reads no further. `offset` is where the
 * sub-blocks start, `minCodeSize` 2 to 8. A leading clear code may be missing.
 *
 * A table entry is a stretch of what has been written: the string before it and the byte after that. So nothing but its
 * place and length is kept, and even a code used while it is being defined is copied from front to back.
 * Time is bounded by `pixels` and by the bytes read, whatever the codes say; a string that reaches beyond `pixels` is cut.
 * Throws ProblemError 'undecodable-image' for a code not defined yet, and when codes end before the last pixel.
 */
export function expandGifLzw(
  bytes: Uint8Array,
  offset: number,
  minCodeSize: number,
  pixels: Uint8Array,
): void {
  const clear = 1 << minCodeSize
  const starts = new Uint32Array(MAX_CODES)
  const lengths = new Uint16Array(MAX_CODES)
  let next = clear + 2
  let codeBits = minCodeSize + 1
  let previousStart = 0
  let previousLength = 0
  let [at, leftInBlock, buffer, bufferedBits] = [offset, 0, 0, 0]
  for (let out = 0; out < pixels.length; ) {
    for (; bufferedBits < codeBits; bufferedBits += 8, leftInBlock--) {
      if (leftInBlock === 0) leftInBlock = bytes[at++] ?? 0
      if (leftInBlock === 0) throw incomplete()
      buffer |= (bytes[at++] as number) << bufferedBits
    }
    const code = buffer & ((1 << codeBits) - 1)
    buffer >>>= codeBits
    bufferedBits -= codeBits
    if (code === clear) {
      next = clear + 2
      codeBits = minCodeSize + 1
      previousLength = 0
      continue
    }
    if (code === clear + 1) throw incomplete()
    if (previousLength > 0 && next < MAX_CODES) {
      starts[next] = previousStart
      lengths[next] = previousLength + 1
      if (++next === 1 << codeBits && codeBits < MAX_CODE_BITS) codeBits++
    }
    if (code >= next) throw undecodable('The GIF is damaged.')
    previousStart = out
    if (code < clear) {
      pixels[out++] = code
      previousLength = 1
    } else {
      previousLength = lengths[code] as number
      const end = Math.min(out + previousLength, pixels.length)
      for (let from = starts[code] as number; out < end; ) pixels[out++] = pixels[from++] as number
    }
  }
}

function incomplete() {
  return undecodable('The GIF is incomplete: the last pixels of its first frame are missing.')
}
