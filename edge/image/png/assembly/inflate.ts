import { alignToByte, at, end, inputLimit, isLast, refill, setBits, takeBits } from './bit-input'
import { readDynamicCodes, readFixedCodes } from './block-header'
import { DAMAGED, ENDED, GOES_ON, NEEDS_INPUT, TRUNCATED } from './outcome'
import { inflateSymbols } from './symbol-loop'
import { out, setOut } from './window'

/** Where the stream stands. */
const AT_START: i32 = 0
const AT_BLOCK: i32 = 1
const IN_SYMBOLS: i32 = 2
const IN_STORED: i32 = 3
const AT_END: i32 = 4
let state: i32 = AT_START
let isLastBlock: bool = false
let hasFixedCodes: bool = false
let storedLeft: u32 = 0
/** Tables that may still be built: a stream of nothing but block headers is not let run on. */
let tablesLeft: u32 = 0

export function resetInflate(maxTables: u32): void {
  state = AT_START
  hasFixedCodes = false
  tablesLeft = maxTables
}

/**
 * Inflates (RFC 1950, 1951) until `out` has reached `limit`, which it may pass by less than WINDOW_MARGIN.
 * GOES_ON, NEEDS_INPUT, ENDED after the last block, DAMAGED or TRUNCATED. The checksum at the end is not looked at.
 */
export function inflate(limit: usize): i32 {
  while (out < limit) {
    if (state === AT_END) return ENDED
    if (at >= inputLimit() && state !== IN_STORED) return isLast ? TRUNCATED : NEEDS_INPUT
    let outcome: i32 = GOES_ON
    if (state === IN_SYMBOLS) outcome = inflateSymbols(inputLimit(), limit)
    else if (state === IN_STORED) outcome = copyStored(limit)
    else if (state === AT_BLOCK) outcome = beginBlock()
    else if (!readZlibHeader()) outcome = DAMAGED
    else state = AT_BLOCK
    if (outcome === ENDED) state = isLastBlock ? AT_END : AT_BLOCK
    else if (outcome !== GOES_ON) return outcome
  }
  return GOES_ON
}

/** Deflate, a window of at most 32 KiB, no preset dictionary. */
function readZlibHeader(): bool {
  refill()
  const method = takeBits(8)
  const flags = takeBits(8)
  return (method & 15) === 8 && method >> 4 <= 7 && (flags & 32) === 0 && ((method << 8) | flags) % 31 === 0
}

function beginBlock(): i32 {
  refill()
  isLastBlock = takeBits(1) === 1
  const kind = takeBits(2)
  if (kind === 0) return beginStored()
  if (kind === 3) return DAMAGED
  state = IN_SYMBOLS
  if (kind === 1 && hasFixedCodes) return GOES_ON
  if (tablesLeft === 0) return DAMAGED
  tablesLeft--
  hasFixedCodes = kind === 1
  return (kind === 1 ? readFixedCodes() : readDynamicCodes()) ? GOES_ON : DAMAGED
}

function beginStored(): i32 {
  alignToByte()
  const sizes = load<u32>(at)
  setBits(0, 2, at + 4)
  if ((sizes & 0xffff) !== ((sizes >> 16) ^ 0xffff)) return DAMAGED
  storedLeft = sizes & 0xffff
  state = IN_STORED
  return GOES_ON
}

/** Stored bytes come straight from the input, of which nothing is loaded meanwhile. */
function copyStored(limit: usize): i32 {
  if (storedLeft === 0) return ENDED
  if (at >= end) return isLast ? TRUNCATED : NEEDS_INPUT
  const bytes = min(min(storedLeft as usize, end - at), limit - out)
  memory.copy(out, at, bytes)
  setOut(out + bytes)
  setBits(0, 2, at + bytes)
  storedLeft -= bytes as u32
  return GOES_ON
}
