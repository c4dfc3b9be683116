import { resetInput } from './bit-input'
import { resetInflate } from './inflate'
import { PALETTE as PALETTE_ADDRESS, PIECE_BYTES as PIECE, WINDOW } from './layout'
import { GOES_ON, OUT_OF_MEMORY } from './outcome'
import { bytesOfPicture, decodePasses, resetPasses } from './passes'
import { height, interlaced, setPicture, strip } from './picture'
import { resetRows } from './rows'
import { fillStrip, resetStrips } from './strips'
import { writeSymbols } from './symbols'
import { setOut } from './window'

/**
 * A PNG decoder: compressed bytes in by pieces, RGBA rows out by strips. Chunks, limits and what is legal in a header are
 * the caller's (png-header.ts, png-decoder.ts); whatever the compressed bytes are, it stays within its own regions
 * (layout.ts, picture.ts) and ends.
 *
 *   begin, PALETTE filled in where there is one, then until all rows are out:
 *     decodeRows > 0: so many rows lie at rowsAddress
 *     decodeRows = 0: makeRoom, write at most PIECE_BYTES there, addPiece
 *     decodeRows < 0: an error (outcome.ts)
 */
export { addPiece, makeRoom } from './bit-input'
export const PALETTE: usize = PALETTE_ADDRESS
export const PIECE_BYTES: usize = PIECE

/** Blocks that bring a code of their own: free ones, and after these one per so many bytes of the picture. */
const FREE_TABLES: u64 = 256
const BYTES_PER_TABLE: u64 = 128

let rowsLeft: u32 = 0
let hasSymbols: bool = false

/**
 * `key` is the colour that is transparent: a sample for grey of 16 bits, RGBA as in memory (opaque) for RGB of 8 bits, 48
 * bits for RGB of 16; -1 where there is none. Returns 0, or OUT_OF_MEMORY.
 */
export function begin(
  width: u32,
  pictureHeight: u32,
  colourType: u32,
  depth: u32,
  isInterlaced: bool,
  key: u64,
): i32 {
  if (!setPicture(width, pictureHeight, colourType, depth, isInterlaced, key)) return OUT_OF_MEMORY
  if (!hasSymbols) writeSymbols()
  hasSymbols = true
  const bytes = bytesOfPicture()
  resetInput()
  resetInflate((FREE_TABLES + bytes / BYTES_PER_TABLE) as u32)
  setOut(WINDOW)
  resetRows(bytes)
  if (interlaced) resetPasses()
  else resetStrips()
  rowsLeft = height
  return 0
}

export function rowsAddress(): usize {
  return strip
}

/** The next rows, from rowsAddress on: as many as fit a strip, or all at once if the picture is interlaced. */
export function decodeRows(): i32 {
  if (!interlaced) {
    const rows = fillStrip(rowsLeft)
    if (rows > 0) rowsLeft -= rows
    return rows
  }
  const outcome = decodePasses()
  return outcome === GOES_ON ? height : min(outcome, 0)
}
