import { GOES_ON } from './outcome'
import {
  expandRow,
  filteredBytes,
  firstRow,
  height,
  interlaced,
  isDirect,
  rowStep,
  secondRow,
  spareRow,
  stepsOf,
  strip,
  width,
} from './picture'
import { takeRow } from './rows'

/** Adam7 (PNG 3rd ed., 8.1): of pass n, the hexadecimal digit n from the right. */
const FIRST_COLUMN: u32 = 0x0102040
const FIRST_LINE: u32 = 0x1020400
const COLUMN_STEP: u32 = 0x1224488
const LINE_STEP: u32 = 0x2244888
const PASSES: u32 = 7

let pass: u32 = 0
let line: u32 = 0
let current: usize = 0
let above: usize = 0

function digit(digits: u32, position: u32): u32 {
  return (digits >> (position << 2)) & 15
}

function columnsOf(number: u32): u32 {
  const step = digit(COLUMN_STEP, number)
  return (width + step - 1 - digit(FIRST_COLUMN, number)) / step
}

function linesOf(number: u32): u32 {
  const step = digit(LINE_STEP, number)
  return (height + step - 1 - digit(FIRST_LINE, number)) / step
}

/** Of all rows of all passes, with the filters' numbers. */
export function bytesOfPicture(): u64 {
  if (!interlaced) return (filteredBytes(width) + 1) * height
  let bytes: u64 = 0
  for (let number: u32 = 0; number < PASSES; number++) {
    const columns = columnsOf(number)
    if (columns > 0) bytes += (filteredBytes(columns) + 1) * linesOf(number)
  }
  return bytes
}

export function resetPasses(): void {
  pass = 0
  beginPass()
}

/** Skips passes without pixels. The row above a pass's first is all zeros. */
function beginPass(): void {
  while (pass < PASSES && (columnsOf(pass) === 0 || linesOf(pass) === 0)) pass++
  line = 0
  current = firstRow
  above = secondRow
  memory.fill(above, 0, stepsOf(width) * rowStep)
}

/** Decodes rows and spreads their pixels over the picture, until all are in their places (GOES_ON) or something else comes. */
export function decodePasses(): i32 {
  while (pass < PASSES) {
    const columns = columnsOf(pass)
    const outcome = takeRow(current, above, columns)
    if (outcome !== GOES_ON) return outcome
    const rgba = isDirect ? current : spareRow
    expandRow(current, rgba, columns)
    spreadRow(rgba, columns)
    const finished = current
    current = above
    above = finished
    line++
    if (line === linesOf(pass)) {
      pass++
      beginPass()
    }
  }
  return GOES_ON
}

function spreadRow(rgba: usize, columns: u32): void {
  const y = digit(FIRST_LINE, pass) + line * digit(LINE_STEP, pass)
  let to = strip + ((y * width + digit(FIRST_COLUMN, pass)) << 2)
  const step = digit(COLUMN_STEP, pass) << 2
  for (let i: u32 = 0; i < columns; i++) {
    store<u32>(to, load<u32>(rgba + (i << 2)))
    to += step
  }
}
