// What the host lays out for a picture: where things lie in memory, and how large they are.
//
// Fixed point throughout: weights are 16-bit with 14 bits after the point, filtered rows 16-bit with 6. A pixel is four
// lanes (red, green, blue and one that means nothing). Two pixels that one dot product takes together lie interleaved:
// r0 r1 g0 g1 b0 b1 x0 x1.

/** Bits after the point of weights, and of averaged and filtered pixels. */
export const WEIGHT_BITS: i32 = 14
export const PIXEL_BITS: i32 = 6

/** Bytes of a source pixel, of a 16-bit pixel, and of two of those. */
export const RGBX: usize = 4
export const WIDE: usize = 8
export const PAIR: usize = 16

/** Source rows as they come: RGBX. */
export let strip: usize = 0
export let sourceWidth: i32 = 0
export let premultiply: bool = false

/** Blocks of boxX x boxY source pixels are averaged first. */
export let boxX: i32 = 1
export let boxY: i32 = 1
/** Sums of the current block row: four u16 a source pixel. */
export let sums: usize = 0
/** Averages of the current block row, four i16 a block. */
export let averages: usize = 0
/** The row to be filtered, in interleaved pairs. Blocks (or source pixels) from `begin`, which is even, to `end`. */
export let pairs: usize = 0
export let begin: i32 = 0
export let end: i32 = 0

/** For each output column the index of its first pair, and `columnPairs` pairs of weights. */
export let columns: i32 = 0
export let columnFirst: usize = 0
export let columnWeights: usize = 0
export let columnPairs: i32 = 0

/** The same for output rows; `rowFirst` counts rows, and rows are filtered into a ring of `ringRows`. */
export let rows: i32 = 0
export let rowFirst: usize = 0
export let rowWeights: usize = 0
export let rowPairs: i32 = 0
export let rowTaps: i32 = 0
export let ring: usize = 0
export let ringRows: i32 = 0

/** RGB without gaps; 4 bytes more than that may be written. */
export let output: usize = 0

export function setSource(stripAt: usize, width: i32, withAlpha: bool): void {
  strip = stripAt
  sourceWidth = width
  premultiply = withAlpha
}

export function setBox(x: i32, y: i32, sumsAt: usize, averagesAt: usize): void {
  boxX = x
  boxY = y
  sums = sumsAt
  averages = averagesAt
}

export function setColumns(
  count: i32,
  first: usize,
  weights: usize,
  pairsEach: i32,
  pairsAt: usize,
  from: i32,
  to: i32,
): void {
  columns = count
  columnFirst = first
  columnWeights = weights
  columnPairs = pairsEach
  pairs = pairsAt
  begin = from
  end = to
}

export function setRows(
  count: i32,
  first: usize,
  weights: usize,
  taps: i32,
  ringAt: usize,
  ringLength: i32,
): void {
  rows = count
  rowFirst = first
  rowWeights = weights
  rowPairs = (taps + 1) >> 1
  rowTaps = taps
  ring = ringAt
  ringRows = ringLength
}

export function setOutput(outputAt: usize): void {
  output = outputAt
}
