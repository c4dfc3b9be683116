import { EXCEPTION } from './code-table'
import {
  DISTANCE_MEANINGS,
  LITERAL_MEANINGS,
  PRECODE_MEANINGS,
  REPEAT_PATTERNS,
  REPEAT_STEPS,
} from './layout'

/**
 * What the symbols of DEFLATE mean (RFC 1951, 3.2.5), as u32 that become table entries when a code's length is added:
 *
 *   literal   bits 6-7 how many bytes (1, or 2 after pairing) | 8-15 the byte | 16-23 a second one | LITERAL
 *   length    bits 0-5 extra bits (+ code's length) | 8-13 code's length + 2 | 16-24 shortest length | 25-29 mask of extra bits
 *   distance  bits 0-5 extra bits (+ code's length) | 6-10 code's length + 2 | 12-15 extra bits | 16-30 shortest distance
 *   others    EXCEPTION, and END_OF_BLOCK or nothing
 *
 * LITERAL is the sign, and so is EXCEPTION_DISTANCE: the sign is the cheapest bit to test.
 */
export const LITERAL: u32 = 0x80000000
export const END_OF_BLOCK: u32 = 1 << 28
export const EXCEPTION_DISTANCE: u32 = 0x80000000
export const LENGTH_SHIFT: u32 = 8
export const DISTANCE_SHIFT: u32 = 6

export function writeSymbols(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    store<u32>(LITERAL_MEANINGS + (byte << 2), LITERAL | (byte << 8) | (1 << 6))
  }
  store<u32>(LITERAL_MEANINGS + (256 << 2), EXCEPTION | END_OF_BLOCK)
  let shortest: u32 = 3
  for (let i: u32 = 0; i < 28; i++) {
    const extra: u32 = i < 8 ? 0 : (i >> 2) - 1
    const mask: u32 = (1 << extra) - 1
    store<u32>(LITERAL_MEANINGS + ((257 + i) << 2), (mask << 25) | (shortest << 16) | extra)
    shortest += 1 << extra
  }
  store<u32>(LITERAL_MEANINGS + (285 << 2), 258 << 16)
  store<u32>(LITERAL_MEANINGS + (286 << 2), EXCEPTION)
  store<u32>(LITERAL_MEANINGS + (287 << 2), EXCEPTION)
  shortest = 1
  for (let i: u32 = 0; i < 30; i++) {
    const extra: u32 = i < 4 ? 0 : (i >> 1) - 1
    store<u32>(DISTANCE_MEANINGS + (i << 2), (shortest << 16) | (extra << 12) | extra)
    shortest += 1 << extra
  }
  store<u32>(DISTANCE_MEANINGS + (30 << 2), EXCEPTION_DISTANCE)
  store<u32>(DISTANCE_MEANINGS + (31 << 2), EXCEPTION_DISTANCE)
  for (let i: u32 = 0; i < 19; i++) store<u32>(PRECODE_MEANINGS + (i << 2), i << 16)
  writeRepeatPatterns()
}

/** A match at distance n < 16 repeats n bytes: 16 of them are written at a time, of which whole repetitions count. */
function writeRepeatPatterns(): void {
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let i: u32 = 0; i < 16; i++) {
      store<u8>(REPEAT_PATTERNS + (distance << 4) + i, (i % distance) as u8)
    }
    store<u8>(REPEAT_STEPS + distance, (16 - (16 % distance)) as u8)
  }
}
