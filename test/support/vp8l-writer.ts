import { chunk, writeWebp } from './webp-writer.ts'

/** A lossless WebP that is all prefix codes and hardly any picture (RFC 9649, 5 and 6). */
export interface CodesRecipe {
  readonly width: number
  readonly height: number
  /** Codes that stand in the file, 2 at least. */
  readonly groups: number
  /** Which of them each block of 4 x 4 pixels uses. */
  readonly groupOf: (block: number) => number
  /** Whether a group's codes have thousands of symbols each, in few bits, or one symbol. */
  readonly isHeavy: (group: number) => boolean
}

/** In which order the lengths of code-length codes are written. */
const CODE_LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
const CACHE_BITS = 11

/** Bits, least significant first. */
class BitWriter {
  readonly #bytes: number[] = []
  #bits = 0

  put(value: number, count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#bits % 8 === 0) this.#bytes.push(0)
      const last = this.#bytes.length - 1
      this.#bytes[last] = (this.#bytes[last] as number) | (((value >>> i) & 1) << (this.#bits % 8))
      this.#bits++
    }
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}

/** The pixels themselves take no bits: every code that is used has one symbol. */
export function webpOfCodes({ width, height, groups, groupOf, isHeavy }: CodesRecipe): Uint8Array {
  const bits = new BitWriter()
  bits.put(0x2f, 8)
  bits.put(width - 1, 14)
  bits.put(height - 1, 14)
  bits.put(0, 4) // no alpha, version 0
  bits.put(0, 1) // no transforms
  bits.put(1, 1)
  bits.put(CACHE_BITS, 4)
  bits.put(1, 1) // several groups
  bits.put(0, 3) // blocks of 4 x 4
  bits.put(0, 1) // no cache in the picture that says which
  codeOfEqualLengths(bits, 8, 256, 280)
  codeOfEqualLengths(bits, 8, 256, 256)
  for (let i = 0; i < 3; i++) codeOfOneSymbol(bits)
  const blocks = Math.ceil(width / 4) * Math.ceil(height / 4)
  for (let block = 0; block < blocks; block++) {
    const group = groupOf(block)
    bits.put(reversed(group & 0xff), 8)
    bits.put(reversed(group >> 8), 8)
  }
  for (let group = 0; group < groups; group++) putGroup(bits, isHeavy(group))
  return writeWebp([chunk('VP8L', bits.bytes())])
}

function putGroup(bits: BitWriter, isHeavy: boolean): void {
  if (isHeavy) {
    codeOfEqualLengths(bits, CACHE_BITS, 2 ** CACHE_BITS, 280 + 2 ** CACHE_BITS)
    for (let i = 0; i < 3; i++) codeOfEqualLengths(bits, 8, 256, 256)
    codeOfOneSymbol(bits)
  } else for (let i = 0; i < 5; i++) codeOfOneSymbol(bits)
}

function codeOfOneSymbol(bits: BitWriter): void {
  bits.put(1, 1)
  bits.put(0, 3)
}

/** `count` symbols of `length` bits each; their lengths come from a code with one symbol, which takes no bits. */
function codeOfEqualLengths(bits: BitWriter, length: number, count: number, alphabet: number): void {
  const written = Math.max(4, CODE_LENGTH_ORDER.indexOf(length) + 1)
  bits.put(0, 1)
  bits.put(written - 4, 4)
  for (let i = 0; i < written; i++) bits.put(CODE_LENGTH_ORDER[i] === length ? 1 : 0, 3)
  bits.put(count === alphabet ? 0 : 1, 1)
  if (count === alphabet) return
  const pairs = Math.ceil(Math.log2(count - 1) / 2)
  bits.put(pairs - 1, 3)
  bits.put(count - 2, 2 * pairs)
}

function reversed(byte: number): number {
  let result = 0
  for (let i = 0; i < 8; i++) result |= ((byte >> i) & 1) << (7 - i)
  return result
}
