import { end, isLast, unusedFrom } from './bit-input'
import { inflate } from './inflate'
import { HISTORY_BYTES, WINDOW } from './layout'
import { DAMAGED, ENDED, GOES_ON, TRUNCATED } from './outcome'
import { filteredBytes, filterStep, rowStep, stepsOf, WINDOW_LIMIT } from './picture'
import { LAST_FILTER, unfilterRow } from './unfilter'
import { out, slideWindow } from './window'

/** Where the next filtered row begins in the window. */
let rowStart: usize = WINDOW
/** Filtered bytes of the rows that have not been taken: nothing past them is inflated. */
let bytesLeft: u64 = 0

export function resetRows(bytes: u64): void {
  rowStart = WINDOW
  bytesLeft = bytes
}

/**
 * Inflates and unfilters a row of `pixels` to `row`, given the one above.
 * GOES_ON if it is there; NEEDS_INPUT, with nothing done that the next call would not go on with; DAMAGED or TRUNCATED.
 */
export function takeRow(row: usize, above: usize, pixels: u32): i32 {
  const bytes = (filteredBytes(pixels) as usize) + 1
  const outcome = out - rowStart < bytes ? inflateRow(bytes) : GOES_ON
  if (outcome > 0) return outcome
  const filter = load<u8>(rowStart) as u32
  const isRow = outcome === GOES_ON && filter <= LAST_FILTER
  if (isRow) unfilterRow(filter, rowStart + 1, above, row, stepsOf(pixels), filterStep, rowStep)
  rowStart += bytes
  bytesLeft -= bytes
  if ((!isRow || bytesLeft === 0) && isPastEnd()) return TRUNCATED
  return isRow ? GOES_ON : min(outcome, DAMAGED)
}

/** Keeps `rowStart` within HISTORY_BYTES of the window's start, which is what the window's size rests on (picture.ts). */
function inflateRow(bytes: usize): i32 {
  if (rowStart > WINDOW + HISTORY_BYTES) rowStart = slideWindow(rowStart)
  const limit = max(WINDOW_LIMIT, rowStart + bytes)
  const outcome = inflate(min(limit as u64, rowStart + bytesLeft) as usize)
  if (outcome < 0 || out - rowStart >= bytes) return min(outcome, GOES_ON)
  return outcome === ENDED ? TRUNCATED : outcome
}

/** True if bits were used that stand behind the file's last one. What they look damaged by is its lack. */
function isPastEnd(): bool {
  return isLast && unusedFrom() > end
}
