import {
  clearKeyed,
  expandGrey16,
  expandGreyAlpha,
  expandGreyAlpha16,
  expandIndexed,
  expandRgb16,
  expandRgba16,
} from './expand'
import { HISTORY_BYTES, ROW_MARGIN, WINDOW, WINDOW_MARGIN } from './layout'

/** How the picture is stored, and where its rows lie in memory. */
const GREY: u32 = 0
const RGB: u32 = 2
const INDEXED: u32 = 3
const GREY_ALPHA: u32 = 4
const RGBA: u32 = 6

/** What is not a colour: `key` where none is transparent. */
const NO_KEY: u64 = u64.MAX_VALUE

const PAGE_BYTES: u64 = 65536
/** Inflated at a time, unless one row is more; RGBA handed out at a time, unless one row is more. */
const CHUNK_BYTES: usize = 64 * 1024
const STRIP_BYTES: u32 = 64 * 1024

export let width: u32 = 0
export let height: u32 = 0
export let interlaced: bool = false
let colourType: u32 = 0
let depth: u32 = 0
let key: u64 = NO_KEY

/** Bytes of a pixel that the filters look at, 1 for less than a byte; and the same once unfiltered (RGB becomes RGBX). */
export let filterStep: u32 = 1
export let rowStep: u32 = 1
/** True if unfiltering yields RGBA at once: no expansion. */
export let isDirect: bool = false

/** Inflating stops here, or at the end of the first row if that is later. */
export const WINDOW_LIMIT: usize = WINDOW + HISTORY_BYTES + CHUNK_BYTES

/** Two rows as unfiltered, by turns the current one and the one above. */
export let firstRow: usize = 0
export let secondRow: usize = 0
/** Room for one RGBA row, which the strip follows: a row above its first can lie directly in front of it. */
export let spareRow: usize = 0
/** RGBA rows to hand out: `stripRows` of them, which is the whole picture if it is interlaced. */
export let strip: usize = 0
export let stripRows: u32 = 1

/** Lays the memory out and sees to it that there is enough. False if there is not. */
export function setPicture(
  newWidth: u32,
  newHeight: u32,
  newColourType: u32,
  newDepth: u32,
  isInterlaced: bool,
  newKey: u64,
): bool {
  width = newWidth
  height = newHeight
  colourType = newColourType
  depth = newDepth
  interlaced = isInterlaced
  key = newKey
  isDirect = depth === 8 && (colourType === RGB || colourType === RGBA)
  filterStep = max(1, bitsPerPixel() >> 3)
  rowStep = isDirect ? 4 : filterStep
  return layOut()
}

function bitsPerPixel(): u32 {
  const channels: u32 = colourType === RGB ? 3 : colourType === GREY_ALPHA ? 2 : colourType === RGBA ? 4 : 1
  return channels * depth
}

/** Of a row of `pixels`, without the filter's number in front. */
export function filteredBytes(pixels: u32): u64 {
  return ((pixels as u64) * bitsPerPixel() + 7) >> 3
}

/** Bytes of a row as the filters see it, and steps (pixels, or bytes where those are smaller). */
export function stepsOf(pixels: u32): u32 {
  return (filteredBytes(pixels) / filterStep) as u32
}

/** png-memory.ts tells the same sum beforehand. */
function layOut(): bool {
  const rgbaRow = (width as u64) << 2
  const filteredRow = filteredBytes(width)
  const plainRow = max(filteredRow, isDirect ? rgbaRow : 0) + ROW_MARGIN
  stripRows = interlaced ? height : max(1, min(height, (STRIP_BYTES / rgbaRow) as u32))
  const window = HISTORY_BYTES + max(CHUNK_BYTES as u64, filteredRow + 1) + WINDOW_MARGIN
  const first = aligned(WINDOW + window)
  const second = aligned(first + plainRow)
  const third = aligned(second + plainRow)
  const fourth = third + rgbaRow + ROW_MARGIN
  const end = fourth + rgbaRow * stripRows + ROW_MARGIN
  const pages = (end + PAGE_BYTES - 1) / PAGE_BYTES
  if (pages > 65535) return false
  const present = memory.size() as u64
  if (pages > present && memory.grow((pages - present) as i32) < 0) return false
  firstRow = first as usize
  secondRow = second as usize
  spareRow = third as usize
  strip = fourth as usize
  return true
}

function aligned(address: u64): u64 {
  return (address + 63) & ~63
}

/** An unfiltered row of `pixels` to RGBA at `to`, which is the row itself where unfiltering yielded that already. */
export function expandRow(row: usize, to: usize, pixels: u32): void {
  if (isDirect) {
    if (key !== NO_KEY) clearKeyed(row, pixels, key as u32)
  } else if (colourType === INDEXED || (colourType === GREY && depth <= 8)) {
    expandIndexed(row, to, pixels, depth)
  } else if (colourType === GREY) expandGrey16(row, to, pixels, key as u32)
  else if (colourType === RGB) expandRgb16(row, to, pixels, key)
  else if (colourType === RGBA) expandRgba16(row, to, pixels)
  else if (depth === 8) expandGreyAlpha(row, to, pixels)
  else expandGreyAlpha16(row, to, pixels)
}
