// AssemblyScript. Resamples a picture that arrives row by row; ../resizer.ts drives it and lays out its memory.
//
// Fixed point throughout: weights are 16-bit with 14 bits after the point, filtered rows 16-bit with 6. A pixel is four
// lanes (red, green, blue and one that means nothing). Two pixels that one dot product takes together lie interleaved:
// r0 r1 g0 g1 b0 b1 x0 x1.

/** Bits after the point of weights, and of averaged and filtered pixels. */
const WEIGHT_BITS: i32 = 14
const PIXEL_BITS: i32 = 6

/** Bytes of a source pixel, of a 16-bit pixel, and of two of those. */
const RGBX: usize = 4
const WIDE: usize = 8
const PAIR: usize = 16

/** Source rows as they come: RGBX. */
let strip: usize = 0
let sourceWidth: i32 = 0
let premultiply: bool = false

/** Blocks of boxX x boxY source pixels are averaged first. */
let boxX: i32 = 1
let boxY: i32 = 1
/** Sums of the current block row: four u16 a source pixel. */
let sums: usize = 0
/** Averages of the current block row, four i16 a block. */
let averages: usize = 0
/** The row to be filtered, in interleaved pairs. Blocks (or source pixels) from `begin`, which is even, to `end`. */
let pairs: usize = 0
let begin: i32 = 0
let end: i32 = 0

/** For each output column the index of its first pair, and `columnPairs` pairs of weights. */
let columns: i32 = 0
let columnFirst: usize = 0
let columnWeights: usize = 0
let columnPairs: i32 = 0

/** The same for output rows; `rowFirst` counts rows, and rows are filtered into a ring of `ringRows`. */
let rows: i32 = 0
let rowFirst: usize = 0
let rowWeights: usize = 0
let rowPairs: i32 = 0
let rowTaps: i32 = 0
let ring: usize = 0
let ringRows: i32 = 0

/** RGB without gaps; 4 bytes more than that may be written. */
let output: usize = 0

let rowsInBlock: i32 = 0
/** Index of the row that is filtered next, and of the output row that is written next. */
let row: i32 = 0
let outputRow: i32 = 0

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
  rowsInBlock = 0
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
  from: i32,
): void {
  rows = count
  rowFirst = first
  rowWeights = weights
  rowPairs = (taps + 1) >> 1
  rowTaps = taps
  ring = ringAt
  ringRows = ringLength
  row = from
  outputRow = 0
}

export function setOutput(outputAt: usize): void {
  output = outputAt
}

/** Takes `count` rows out of the strip; `last` if they reach the picture's end. Returns how many output rows are done. */
export function push(count: i32, last: bool): i32 {
  const bytes = <usize>sourceWidth * RGBX
  if (premultiply) layOnBlack(strip, strip + <usize>count * bytes)
  for (let i = 0; i < count; i++) {
    const source = strip + <usize>i * bytes
    if (boxX === 1 && boxY === 1) {
      interleaveBytes(source)
    } else {
      addToSums(source)
      if (++rowsInBlock < boxY && !(last && i === count - 1)) continue
      averageSums()
      interleaveAverages()
      rowsInBlock = 0
    }
    filterRow()
    row++
    while (outputRow < rows && load<i32>(rowFirst + ((<usize>outputRow) << 2)) + rowTaps <= row) writeRow()
  }
  return outputRow
}

/** Multiplies by alpha / 255, rounded down as libvips does, in place. */
function layOnBlack(from: usize, until: usize): void {
  for (let at = from; at < until; at += 16) {
    const pixels = v128.load(at)
    const alphas = v128.shuffle<u8>(pixels, pixels, 3, 3, 3, 3, 7, 7, 7, 7, 11, 11, 11, 11, 15, 15, 15, 15)
    const low = divideBy255(i16x8.extmul_low_i8x16_u(pixels, alphas))
    const high = divideBy255(i16x8.extmul_high_i8x16_u(pixels, alphas))
    v128.store(at, i8x16.narrow_i16x8_u(low, high))
  }
}

/** Exact for products of two bytes. */
function divideBy255(product: v128): v128 {
  const sum = i16x8.add(product, i16x8.splat(1))
  return i16x8.shr_u(i16x8.add(sum, i16x8.shr_u(product, 8)), 8)
}

function interleaveBytes(source: usize): void {
  let to = pairs + (<usize>begin >> 1) * PAIR
  const stop = source + <usize>end * RGBX
  for (let at = source + <usize>begin * RGBX; at < stop; at += 16, to += 2 * PAIR) {
    const pixels = v128.load(at)
    const mixed = v128.shuffle<u8>(pixels, pixels, 0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15)
    v128.store(to, i16x8.extend_low_i8x16_u(mixed))
    v128.store(to, i16x8.extend_high_i8x16_u(mixed), PAIR)
  }
}

function interleaveAverages(): void {
  let to = pairs + (<usize>begin >> 1) * PAIR
  const stop = averages + <usize>end * WIDE
  for (let at = averages + <usize>begin * WIDE; at < stop; at += 16, to += PAIR) {
    const pixels = v128.load(at)
    v128.store(to, v128.shuffle<u16>(pixels, pixels, 0, 4, 1, 5, 2, 6, 3, 7))
  }
}

function addToSums(source: usize): void {
  const from = <usize>begin * <usize>boxX
  const until = min(<usize>end * <usize>boxX, <usize>sourceWidth)
  let to = sums + from * WIDE
  const stop = source + until * RGBX
  if (rowsInBlock === 0) {
    for (let at = source + from * RGBX; at < stop; at += 16, to += 32) {
      const pixels = v128.load(at)
      v128.store(to, i16x8.extend_low_i8x16_u(pixels))
      v128.store(to, i16x8.extend_high_i8x16_u(pixels), 16)
    }
    return
  }
  for (let at = source + from * RGBX; at < stop; at += 16, to += 32) {
    const pixels = v128.load(at)
    v128.store(to, i16x8.add(v128.load(to), i16x8.extend_low_i8x16_u(pixels)))
    v128.store(to, i16x8.add(v128.load(to, 16), i16x8.extend_high_i8x16_u(pixels)), 16)
  }
}

/** The last block of a row may be narrower, those of the last block row lower. */
function averageSums(): void {
  const width = <usize>boxX * WIDE
  const whole = min(end, sourceWidth / boxX)
  const scale = <f32>(1 << PIXEL_BITS) / <f32>(boxX * rowsInBlock)
  let at = sums + <usize>begin * width
  let to = averages + <usize>begin * WIDE
  for (let x = begin; x < whole; x++, at += width, to += WIDE) storeAverage(to, at, at + width, scale)
  if (whole < end) {
    const rest = sourceWidth - whole * boxX
    const narrow = <f32>(1 << PIXEL_BITS) / <f32>(rest * rowsInBlock)
    storeAverage(to, at, at + <usize>rest * WIDE, narrow)
  }
}

function storeAverage(to: usize, from: usize, until: usize, scale: f32): void {
  let sum = i32x4.splat(0)
  for (let at = from; at < until; at += WIDE) sum = i32x4.add(sum, v128.load16x4_u(at))
  const average = f32x4.nearest(f32x4.mul(f32x4.convert_i32x4_u(sum), f32x4.splat(scale)))
  const whole = i32x4.trunc_sat_f32x4_s(average)
  v128.store64_lane(to, i16x8.narrow_i32x4_s(whole, whole), 0)
}

/** Resamples the row in `pairs` horizontally, into its place in the ring. */
function filterRow(): void {
  const boxed = boxX !== 1 || boxY !== 1
  const shift = boxed ? WEIGHT_BITS : WEIGHT_BITS - PIXEL_BITS
  const half = i32x4.splat(1 << (shift - 1))
  let to = ring + <usize>(row % ringRows) * <usize>columns * WIDE
  let weight = columnWeights
  const weightBytes = (<usize>columnPairs) << 2
  for (let x = 0; x < columns; x++, to += WIDE) {
    let at = pairs + <usize>load<i32>(columnFirst + ((<usize>x) << 2)) * PAIR
    const stop = weight + weightBytes
    let even = half
    let odd = i32x4.splat(0)
    for (; weight + 4 < stop; weight += 8, at += 2 * PAIR) {
      even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(at), v128.load32_splat(weight)))
      odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(at, PAIR), v128.load32_splat(weight, 4)))
    }
    if (weight < stop) {
      even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(at), v128.load32_splat(weight)))
      weight += 4
    }
    const sum = i32x4.shr_s(i32x4.add(even, odd), shift)
    v128.store64_lane(to, i16x8.narrow_i32x4_s(sum, sum), 0)
  }
}

/** Resamples vertically: one output row out of the ring, four pixels at a time. */
function writeRow(): void {
  const bytes = <usize>columns * WIDE
  const ringEnd = ring + <usize>ringRows * bytes
  const first = load<i32>(rowFirst + ((<usize>outputRow) << 2))
  const firstAt = ring + <usize>(first % ringRows) * bytes
  const weights = rowWeights + ((<usize>outputRow * <usize>rowPairs) << 2)
  const weightsEnd = weights + ((<usize>rowPairs) << 2)
  let to = output + <usize>outputRow * <usize>columns * 3
  for (let offset: usize = 0; offset < bytes; offset += 32, to += 12) {
    let a = i32x4.splat(1 << (WEIGHT_BITS + PIXEL_BITS - 1))
    let b = a
    let c = a
    let d = a
    let at = firstAt
    for (let weight = weights; weight < weightsEnd; weight += 4) {
      const pair = v128.load32_splat(weight)
      const upper0 = v128.load(at + offset)
      const upper1 = v128.load(at + offset, 16)
      at += bytes
      if (at === ringEnd) at = ring
      const lower0 = v128.load(at + offset)
      const lower1 = v128.load(at + offset, 16)
      at += bytes
      if (at === ringEnd) at = ring
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.shuffle<u16>(upper0, lower0, 0, 8, 1, 9, 2, 10, 3, 11), pair))
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.shuffle<u16>(upper0, lower0, 4, 12, 5, 13, 6, 14, 7, 15), pair))
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.shuffle<u16>(upper1, lower1, 0, 8, 1, 9, 2, 10, 3, 11), pair))
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.shuffle<u16>(upper1, lower1, 4, 12, 5, 13, 6, 14, 7, 15), pair))
    }
    storeRgb(to, a, b, c, d)
  }
  outputRow++
}

/** Four pixels, rounded by the half they began with and clamped to 0..255. */
function storeRgb(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const shift = WEIGHT_BITS + PIXEL_BITS
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift))
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, shift), i32x4.shr_s(d, shift))
  const pixels = i8x16.narrow_i16x8_u(low, high)
  v128.store(to, v128.shuffle<u8>(pixels, pixels, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15))
}
