import { LITERAL_TABLE } from './layout'
import { LITERAL } from './symbols'

/** Entries looked at before pairing, and how many of them must become pairs for it to pay. */
const SAMPLES: u32 = 64
const WORTHWHILE: u32 = 24
/** Odd, so that the samples are spread over all beginnings of a code. */
const SAMPLE_STEP: u32 = 1327

/**
 * Where two literals' codes fit the table's index, makes one entry of both (symbols.ts): one look-up then yields two bytes.
 * Only if literals are short enough for that to be frequent.
 */
export function pairLiterals(tableBits: u32): void {
  const size: u32 = 1 << tableBits
  let pairs: u32 = 0
  for (let i: u32 = 0; i < SAMPLES; i++) {
    if (pairAt((i * SAMPLE_STEP) & (size - 1), tableBits) !== 0) pairs++
  }
  if (pairs < WORTHWHILE) return
  for (let index = size - 1; index > 0; index--) {
    const pair = pairAt(index, tableBits)
    if (pair !== 0) store<u32>(LITERAL_TABLE + (index << 2), pair)
  }
}

/**
 * The entry for both literals, or 0. What follows the first code is looked up as if zeros came behind it, which is right if
 * the second code ends within the index. That entry must still be single: it lies below, so go through them from above.
 */
function pairAt(index: u32, tableBits: u32): u32 {
  const first = load<u32>(LITERAL_TABLE + (index << 2))
  const firstBits = first & 63
  const second = load<u32>(LITERAL_TABLE + ((index >> firstBits) << 2))
  const bits = firstBits + (second & 63)
  if (((first & second) as i32) >= 0 || bits > tableBits) return 0
  return LITERAL | ((second & 0xff00) << 8) | (first & 0xff00) | (2 << 6) | bits
}
