import { at as firstAt, bits as firstBits, count as firstCount, setBits } from './bit-input'
import { DISTANCE_TABLE_BITS, LITERAL_TABLE_BITS } from './block-header'
import { EXCEPTION, SUBTABLE } from './code-table'
import { DISTANCE_TABLE, LITERAL_TABLE, REPEAT_PATTERNS, REPEAT_STEPS, WINDOW } from './layout'
import { DAMAGED, ENDED, GOES_ON } from './outcome'
import { END_OF_BLOCK } from './symbols'
import { out as firstOut, setOut } from './window'

const LITERAL_MASK: u64 = ((1 << LITERAL_TABLE_BITS) - 1) << 2
const DISTANCE_MASK: u64 = ((1 << DISTANCE_TABLE_BITS) - 1) << 2

/** Byte offset in the table of the entry to which a pointer leads; the pointer's own bits have been dropped. */
function subtableEntry(pointer: u64, bits: u64): usize {
  const mask = (((1 as u64) << ((pointer >> 24) & 15)) - 1) << 2
  return (((pointer >> 8) & 0xffff) + (bits & mask)) as usize
}

/**
 * Literals and matches until the block's end (ENDED), `inputLimit` or `outLimit` (GOES_ON), or DAMAGED.
 *
 * All the decoder's time goes here, hence one long function whose state is in local variables. A turn loads 54 bits or
 * more: enough for three literals (11 bits each; those of subtables take the long way) and a length (20), or four
 * literals; then again for a distance (28). It reads at most 24 bytes past `inputLimit` and writes at most 300 past
 * `outLimit`.
 *
 * Entries are loaded with their sign, which is what tells a literal; shifts by an entry look at its low six bits only.
 */
export function inflateSymbols(inputLimit: usize, outLimit: usize): i32 {
  let bits = firstBits
  let count = firstCount
  let at = firstAt
  let out = firstOut
  let outcome: i32 = GOES_ON
  while (at < inputLimit && out < outLimit) {
    bits |= load<u64>(at) << count
    at += ((~count >> 3) & 7) as usize
    count |= 56
    let entry = load<i32>((bits & LITERAL_MASK) as usize, LITERAL_TABLE) as i64
    if (entry < 0) {
      bits >>= entry
      count -= entry
      store<u16>(out, (entry >> 8) as u16)
      out += ((entry >> 6) & 3) as usize
      entry = load<i32>((bits & LITERAL_MASK) as usize, LITERAL_TABLE) as i64
      if (entry < 0) {
        bits >>= entry
        count -= entry
        store<u16>(out, (entry >> 8) as u16)
        out += ((entry >> 6) & 3) as usize
        entry = load<i32>((bits & LITERAL_MASK) as usize, LITERAL_TABLE) as i64
        if (entry < 0) {
          bits >>= entry
          count -= entry
          store<u16>(out, (entry >> 8) as u16)
          out += ((entry >> 6) & 3) as usize
          entry = load<i32>((bits & LITERAL_MASK) as usize, LITERAL_TABLE) as i64
          if (entry < 0) {
            bits >>= entry
            count -= entry
            store<u16>(out, (entry >> 8) as u16)
            out += ((entry >> 6) & 3) as usize
            continue
          }
        }
      }
    }
    let before = bits
    bits >>= entry
    count -= entry
    if ((entry & (EXCEPTION as i64)) !== 0) {
      if ((entry & (SUBTABLE as i64)) !== 0) {
        entry = load<i32>(subtableEntry(entry, bits), LITERAL_TABLE) as i64
        before = bits
        bits >>= entry
        count -= entry
      }
      if (entry < 0) {
        store<u8>(out, (entry >> 8) as u8)
        out++
        continue
      }
      if ((entry & (EXCEPTION as i64)) !== 0) {
        outcome = (entry & (END_OF_BLOCK as i64)) !== 0 ? ENDED : DAMAGED
        break
      }
    }
    const length = (((entry >> 16) & 511) + ((before >> (entry >> 8)) & ((entry >> 25) & 31))) as usize

    bits |= load<u64>(at) << count
    at += ((~count >> 3) & 7) as usize
    count |= 56
    entry = load<i32>((bits & DISTANCE_MASK) as usize, DISTANCE_TABLE) as i64
    if (entry < 0) {
      bits >>= entry
      count -= entry
      if ((entry & (SUBTABLE as i64)) !== 0) {
        entry = load<i32>(subtableEntry(entry, bits), DISTANCE_TABLE) as i64
      }
      if (entry < 0) {
        outcome = DAMAGED
        break
      }
    }
    const extra = (bits >> (entry >> 6)) & (((1 as u64) << ((entry >> 12) & 15)) - 1)
    const distance = ((entry >> 16) + extra) as usize
    bits >>= entry
    count -= entry
    let source = out - distance
    if (source < WINDOW) {
      outcome = DAMAGED
      break
    }
    const matchEnd = out + length
    if (distance >= 16) {
      do {
        v128.store(out, v128.load(source))
        source += 16
        out += 16
      } while (out < matchEnd)
    } else {
      const pattern = i8x16.swizzle(v128.load(source), v128.load(distance << 4, REPEAT_PATTERNS))
      const step = load<u8>(distance, REPEAT_STEPS) as usize
      do {
        v128.store(out, pattern)
        out += step
      } while (out < matchEnd)
    }
    out = matchEnd
  }
  setBits(bits, count, at)
  setOut(out)
  return outcome
}
