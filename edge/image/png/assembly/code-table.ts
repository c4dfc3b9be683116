import { LENGTH_COUNTS, LENGTH_OFFSETS, SORTED_SYMBOLS } from './layout'

/**
 * Tables that decode a Huffman code by looking up its next bits.
 *
 * An entry is what a symbol means (symbols.ts) plus its code's length; bits 0 to 5 say how many bits to drop. Codes longer
 * than the table's index go through a subtable, to which the main entry points:
 *
 *   bits 0-5 the table's index bits | 8-23 the subtable's byte offset | 24-27 its index bits | SUBTABLE | EXCEPTION
 */
export const EXCEPTION: u32 = 1 << 30
export const SUBTABLE: u32 = 1 << 29

const MAX_LENGTH: u32 = 15
/** Where an entry keeps its code's length a second time, for symbols with extra bits; LITERALs have none. */
let lengthShift: u32 = 0

/**
 * Builds the table at `table` from the code lengths (u8, 0 to 15) of `symbols` symbols.
 * `exception` marks entries that are no symbol. False if more codes are given than there are, or if some are missing; only
 * where `mayLack` is set, none at all or a single one of one bit will do.
 */
export function buildTable(
  lengths: usize,
  symbols: u32,
  meanings: usize,
  table: usize,
  tableBits: u32,
  shift: u32,
  exception: u32,
  mayLack: bool,
): bool {
  lengthShift = shift
  memory.fill(LENGTH_COUNTS, 0, 64)
  for (let i: u32 = 0; i < symbols; i++) {
    const counter = LENGTH_COUNTS + ((load<u8>(lengths + i) as usize) << 2)
    store<u32>(counter, load<u32>(counter) + 1)
  }
  const missing = missingCodes()
  if (missing < 0) return false
  sortSymbols(lengths, symbols)
  const used = symbols - load<u32>(LENGTH_COUNTS)
  if (missing > 0) {
    const alone = used === 1 && load<u32>(LENGTH_COUNTS, 4) === 1
    if (!mayLack || !(alone || used === 0)) return false
    for (let i: u32 = 0; i < 1 << tableBits; i++) {
      const isCode = alone && (i & 1) === 0
      store<u32>(table + (i << 2), isCode ? entry(meanings, load<u16>(SORTED_SYMBOLS), 1) : exception | 1)
    }
    return true
  }
  fillTable(meanings, table, tableBits, exception)
  return true
}

/** Of the 2^15 codes of 15 bits, those that none of the lengths accounts for; negative if there are too many codes. */
function missingCodes(): i32 {
  let missing: i32 = 1
  for (let length: u32 = 1; length <= MAX_LENGTH; length++) {
    missing = (missing << 1) - load<u32>(LENGTH_COUNTS + (length << 2))
    if (missing < 0) return -1
  }
  return missing
}

function sortSymbols(lengths: usize, symbols: u32): void {
  let offset: u32 = 0
  for (let length: u32 = 1; length <= MAX_LENGTH; length++) {
    store<u32>(LENGTH_OFFSETS + (length << 2), offset)
    offset += load<u32>(LENGTH_COUNTS + (length << 2))
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol) as u32
    if (length === 0) continue
    const counter = LENGTH_OFFSETS + (length << 2)
    const position = load<u32>(counter)
    store<u32>(counter, position + 1)
    store<u16>(SORTED_SYMBOLS + (position << 1), symbol as u16)
  }
}

function entry(meanings: usize, symbol: u32, length: u32): u32 {
  const meaning = load<u32>(meanings + (symbol << 2))
  const again = (meaning as i32) < 0 ? 0 : (length + 2) << lengthShift
  return meaning + length + again
}

/**
 * For a complete code. Codes come in order of their lengths; `code` is kept with its bits reversed, as they arrive. The
 * table starts with the index bits of the shortest code and doubles from one length to the next, which repeats each entry
 * for all values of the bits behind its code.
 */
function fillTable(meanings: usize, table: usize, tableBits: u32, exception: u32): void {
  let next = SORTED_SYMBOLS
  let code: u32 = 0
  let length: u32 = 1
  while (load<u32>(LENGTH_COUNTS + (length << 2)) === 0) length++
  let size: u32 = 1 << min(length, tableBits)
  for (; length <= tableBits; length++) {
    for (let left = load<u32>(LENGTH_COUNTS + (length << 2)); left > 0; left--) {
      store<u32>(table + (code << 2), entry(meanings, load<u16>(next), length))
      next += 2
      if (code === (1 << length) - 1) {
        for (; length < tableBits; length++) size = doubleTable(table, size)
        return
      }
      code = followingCode(code, length)
    }
    if (length < tableBits) size = doubleTable(table, size)
  }
  fillSubtables(meanings, table, tableBits, exception, code, next)
}

/** The next code of the same length: one more, seen from the reversed end. */
function followingCode(code: u32, length: u32): u32 {
  const bit: u32 = 1 << (31 - clz<u32>(code ^ ((1 << length) - 1)))
  return (code & (bit - 1)) | bit
}

function doubleTable(table: usize, size: u32): u32 {
  const bytes = size << 2
  if (bytes < 16) {
    for (let i: usize = 0; i < bytes; i += 4) store<u32>(table + bytes + i, load<u32>(table + i))
  } else {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(table + bytes + i, v128.load(table + i))
  }
  return size << 1
}

function fillSubtables(
  meanings: usize,
  table: usize,
  tableBits: u32,
  exception: u32,
  firstCode: u32,
  first: usize,
): void {
  const mask: u32 = (1 << tableBits) - 1
  let code = firstCode
  let next = first
  let prefix: u32 = 0xffffffff
  let subtable: u32 = 1 << tableBits
  let subtableEnd = subtable
  for (let length = tableBits + 1; length <= MAX_LENGTH; length++) {
    for (let left = load<u32>(LENGTH_COUNTS + (length << 2)); left > 0; left--) {
      if ((code & mask) !== prefix) {
        prefix = code & mask
        subtable = subtableEnd
        const subtableBits = bitsOfSubtable(length, left, tableBits)
        subtableEnd = subtable + (1 << subtableBits)
        const pointer = exception | SUBTABLE | (subtableBits << 24) | (subtable << 10) | tableBits
        store<u32>(table + (prefix << 2), pointer)
      }
      const value = entry(meanings, load<u16>(next), length - tableBits)
      next += 2
      const step: u32 = 1 << (length - tableBits)
      for (let i = subtable + (code >> tableBits); i < subtableEnd; i += step)
        store<u32>(table + (i << 2), value)
      if (code === (1 << length) - 1) return
      code = followingCode(code, length)
    }
  }
}

/** A subtable is as large as the longest code in it asks for: the `left` codes of `length` bits, and longer ones. */
function bitsOfSubtable(length: u32, left: u32, tableBits: u32): u32 {
  let longest = length
  let filled = left
  while (filled < (1 as u32) << (longest - tableBits)) {
    longest++
    filled = (filled << 1) + load<u32>(LENGTH_COUNTS + (longest << 2))
  }
  return longest - tableBits
}
