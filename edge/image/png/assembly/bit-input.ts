import { INPUT, INPUT_MARGIN, PIECE_BYTES } from './layout'

/** Decoding stops this near to the end of a piece at most: INPUT_MARGIN, and what is loaded. */
const UNUSED_BYTES: usize = INPUT_MARGIN + 8

/**
 * The compressed bytes as bits, lowest first. `bits` holds what has been loaded, ABOVE two bits that mean nothing: masked,
 * it is then a byte offset into a table of u32 at once. The low six bits of `count` say where the next byte goes (2 when
 * nothing is loaded); those above are arbitrary, as shifts do not look at them.
 */
export let bits: u64 = 0
export let count: u64 = 2
/** Next byte to load. */
export let at: usize = INPUT
/** End of what has been handed in. */
export let end: usize = INPUT
export let isLast: bool = false

export function resetInput(): void {
  bits = 0
  count = 2
  at = INPUT
  end = INPUT
  isLast = false
}

export function setBits(newBits: u64, newCount: u64, newAt: usize): void {
  bits = newBits
  count = newCount
  at = newAt
}

/**
 * Moves what is unused to the front, bytes that are loaded already among it: a stored block goes back to them. The caller
 * writes at most PIECE_BYTES at the address it gets.
 */
export function makeRoom(): usize {
  const from = max(min(unusedFrom(), end), max(end, INPUT + UNUSED_BYTES) - UNUSED_BYTES)
  memory.copy(INPUT, from, end - from)
  at -= from - INPUT
  end -= from - INPUT
  return end
}

/** `bytes` have been written where makeRoom said. Behind the last ones stand zeros, so that reads past them are harmless. */
export function addPiece(bytes: usize, last: bool): void {
  end += min(bytes, PIECE_BYTES)
  isLast = last
  if (last) memory.fill(end, 0, INPUT_MARGIN)
}

/**
 * Where to stop loading. Before the last piece, far enough from the end for a block's header or a symbol to be whole; in
 * the last one, where bits past the end must have been used.
 */
export function inputLimit(): usize {
  return isLast ? end + 9 : max(end, INPUT + INPUT_MARGIN) - INPUT_MARGIN
}

/** At least 54 bits are there afterwards. */
export function refill(): void {
  bits |= load<u64>(at) << count
  at += ((~count >> 3) & 7) as usize
  count |= 56
}

/** The next `n` bits, 32 at most, which must have been loaded. */
export function takeBits(n: u32): u32 {
  const value = ((bits >> 2) as u32) & ((((1 as u64) << n) - 1) as u32)
  bits >>= n as u64
  count -= n as u64
  return value
}

/** The first byte of which no bit has been used. */
export function unusedFrom(): usize {
  return at - ((((count & 63) - 2) >> 3) as usize)
}

/** Drops the rest of a byte that has been begun, and what was loaded. */
export function alignToByte(): void {
  setBits(0, 2, unusedFrom())
}
