import { GOES_ON } from './outcome'
import {
  expandRow,
  firstRow,
  isDirect,
  rowStep,
  secondRow,
  stepsOf,
  strip,
  stripRows,
  width,
} from './picture'
import { takeRow } from './rows'

/** The last row taken, as unfiltered, and where the next one goes; in the strip itself if no expansion follows. */
let above: usize = 0
let current: usize = 0

/** The row above the first is all zeros. */
export function resetStrips(): void {
  current = firstRow
  above = isDirect ? strip - (width << 2) : secondRow
  memory.fill(above, 0, stepsOf(width) * rowStep)
}

/** Fills the strip with the next rows, `rowsLeft` at most. Returns how many; 0 if input is needed for the first; or an error. */
export function fillStrip(rowsLeft: u32): i32 {
  const rows = min(rowsLeft, stripRows)
  const rowBytes = width << 2
  if (isDirect) {
    memory.copy(strip - rowBytes, above, rowBytes)
    above = strip - rowBytes
  }
  for (let row: u32 = 0; row < rows; row++) {
    const to = strip + row * rowBytes
    if (isDirect) current = to
    const outcome = takeRow(current, above, width)
    if (outcome !== GOES_ON) return outcome < 0 ? outcome : row
    expandRow(current, to, width)
    const next = above
    above = current
    current = next
  }
  return rows
}
