// AssemblyScript. Resamples a picture that arrives row by row; ../resizer.ts drives it and lays out its memory.

import { addToSums, averageSums, interleaveAverages, interleaveBytes, layOnBlack } from './blocks'
import { filterRow, writeRow } from './filter'
import { boxX, boxY, premultiply, RGBX, rowFirst, rows, rowTaps, sourceWidth, strip } from './picture'

export { setBox, setColumns, setOutput, setRows, setSource } from './picture'

let rowsInBlock: i32 = 0
/** Index of the row that is filtered next, and of the output row that is written next. */
let row: i32 = 0
let outputRow: i32 = 0

/** Begins a picture at the row (of blocks) that is the first to be filtered; all else must have been set. */
export function start(from: i32): void {
  rowsInBlock = 0
  row = from
  outputRow = 0
}

/** Takes `count` rows out of the strip; `last` if they reach the picture's end. */
export function push(count: i32, last: bool): void {
  const bytes = <usize>sourceWidth * RGBX
  if (premultiply) layOnBlack(strip, strip + <usize>count * bytes)
  for (let i = 0; i < count; i++) {
    const source = strip + <usize>i * bytes
    if (boxX === 1 && boxY === 1) {
      interleaveBytes(source)
    } else {
      addToSums(source, rowsInBlock === 0)
      if (++rowsInBlock < boxY && !(last && i === count - 1)) continue
      averageSums(rowsInBlock)
      interleaveAverages()
      rowsInBlock = 0
    }
    filterRow(row)
    row++
    while (outputRow < rows && load<i32>(rowFirst + ((<usize>outputRow) << 2)) + rowTaps <= row)
      writeRow(outputRow++)
  }
}
