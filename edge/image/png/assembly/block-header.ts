import { at, bits, count, refill, setBits, takeBits } from './bit-input'
import { buildTable, EXCEPTION } from './code-table'
import {
  CODE_LENGTHS,
  DISTANCE_MEANINGS,
  DISTANCE_TABLE,
  LITERAL_MEANINGS,
  LITERAL_TABLE,
  PRECODE_MEANINGS,
  PRECODE_TABLE,
} from './layout'
import { pairLiterals } from './pair-literals'
import { DISTANCE_SHIFT, EXCEPTION_DISTANCE, LENGTH_SHIFT } from './symbols'

export const LITERAL_TABLE_BITS: u32 = 11
export const DISTANCE_TABLE_BITS: u32 = 8
const PRECODE_TABLE_BITS: u32 = 7
const PRECODE_MASK: u64 = 0x7f << 2

const MAX_LITERALS: u32 = 286
const MAX_DISTANCES: u32 = 30

/** RFC 1951, 3.2.6. */
export function readFixedCodes(): bool {
  memory.fill(CODE_LENGTHS, 8, 144)
  memory.fill(CODE_LENGTHS + 144, 9, 112)
  memory.fill(CODE_LENGTHS + 256, 7, 24)
  memory.fill(CODE_LENGTHS + 280, 8, 8)
  memory.fill(CODE_LENGTHS + 288, 5, 32)
  return buildTables(288, 32)
}

/** The codes in front of a block that brings its own (RFC 1951, 3.2.7). False if they are not valid. */
export function readDynamicCodes(): bool {
  refill()
  const literals = takeBits(5) + 257
  const distances = takeBits(5) + 1
  const precodes = takeBits(4) + 4
  if (literals > MAX_LITERALS || distances > MAX_DISTANCES) return false
  memory.fill(CODE_LENGTHS, 0, 19)
  for (let i: u32 = 0; i < precodes; i++) {
    if (i === 10) refill()
    store<u8>(CODE_LENGTHS + precodeSymbol(i), takeBits(3) as u8)
  }
  const precode = PRECODE_TABLE
  if (!buildTable(CODE_LENGTHS, 19, PRECODE_MEANINGS, precode, PRECODE_TABLE_BITS, 24, EXCEPTION, false)) {
    return false
  }
  if (!readCodeLengths(literals + distances)) return false
  const hasEnd = load<u8>(CODE_LENGTHS + 256) !== 0
  if (!hasEnd || !buildTables(literals, distances)) return false
  pairLiterals(LITERAL_TABLE_BITS)
  return true
}

/** The order in which the precode's lengths are sent: 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15. */
function precodeSymbol(position: u32): u32 {
  if (position < 3) return 16 + position
  if (position === 3) return 0
  const distance = (position - 3) >> 1
  return (position & 1) === 0 ? 8 + distance : 8 - distance
}

/** A repetition may be longer than what is left by 137 lengths at most; layout.ts has room for them. */
function readCodeLengths(total: u32): bool {
  let done: u32 = 0
  while (done < total) {
    refill()
    const entry = load<u32>(PRECODE_TABLE + ((bits & PRECODE_MASK) as usize))
    setBits(bits >> (entry as u64), count - (entry as u64), at)
    const symbol = (entry >> 16) & 31
    if (symbol < 16) {
      store<u8>(CODE_LENGTHS + done, symbol as u8)
      done++
      continue
    }
    if (symbol === 16 && done === 0) return false
    const repeated: u8 = symbol === 16 ? load<u8>(CODE_LENGTHS + done - 1) : 0
    const times = symbol === 16 ? 3 + takeBits(2) : symbol === 17 ? 3 + takeBits(3) : 11 + takeBits(7)
    memory.fill(CODE_LENGTHS + done, repeated, times)
    done += times
  }
  return done === total
}

function buildTables(literals: u32, distances: u32): bool {
  return (
    buildTable(
      CODE_LENGTHS,
      literals,
      LITERAL_MEANINGS,
      LITERAL_TABLE,
      LITERAL_TABLE_BITS,
      LENGTH_SHIFT,
      EXCEPTION,
      true,
    ) &&
    buildTable(
      CODE_LENGTHS + literals,
      distances,
      DISTANCE_MEANINGS,
      DISTANCE_TABLE,
      DISTANCE_TABLE_BITS,
      DISTANCE_SHIFT,
      EXCEPTION_DISTANCE,
      true,
    )
  )
}
