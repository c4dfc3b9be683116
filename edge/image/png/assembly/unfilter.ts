/** None, Sub, Up, Average and Paeth are 0 to 4. */
export const LAST_FILTER: u32 = 4

/**
 * Undoes a row's filter (PNG 3rd ed., 9). A pixel is unfiltered in one step, its bytes in the lanes of a vector: up to 8 at
 * a time, of which the next pixel overwrites those that are not its own. `filtered` has `step` bytes a pixel; `above` (the
 * row before, zeros if there is none) and `row` have `stride`. The two differ for RGB, which becomes RGBX on the way, with
 * `fill` (bytes repeated over the vector) laid over each pixel to make it opaque.
 *
 * Reads up to 16 bytes past each row's end, and writes as many.
 */
export function unfilterRow(
  filter: u32,
  filtered: usize,
  above: usize,
  row: usize,
  pixels: u32,
  step: u32,
  stride: u32,
): void {
  const end = row + pixels * stride
  const fill = step === stride ? i32x4.splat(0) : i32x4.splat(0xff000000)
  if (filter === 0) {
    if (step === stride) memory.copy(row, filtered, pixels * step)
    else copyRgb(filtered, row, end, fill)
  } else if (filter === 1) undoSub(filtered, row, end, step, stride, fill)
  else if (filter === 2) {
    if (step === stride) undoUp(filtered, above, row, end)
    else undoUpRgb(filtered, above, row, end, fill)
  } else if (filter === 3) undoAverage(filtered, above, row, end, step, stride, fill)
  else undoPaeth(filtered, above, row, end, step, stride, fill)
}

/** Four RGB pixels to RGBX; X is 0. */
function spread(rgb: usize): v128 {
  return i8x16.swizzle(v128.load(rgb), i8x16(0, 1, 2, 16, 3, 4, 5, 16, 6, 7, 8, 16, 9, 10, 11, 16))
}

function copyRgb(filtered: usize, row: usize, end: usize, fill: v128): void {
  let at = filtered
  for (let to = row; to < end; to += 16) {
    v128.store(to, v128.or(spread(at), fill))
    at += 12
  }
}

function undoUp(filtered: usize, above: usize, row: usize, end: usize): void {
  let at = filtered
  let up = above
  for (let to = row; to < end; to += 16) {
    v128.store(to, i8x16.add(v128.load(at), v128.load(up)))
    at += 16
    up += 16
  }
}

function undoUpRgb(filtered: usize, above: usize, row: usize, end: usize, fill: v128): void {
  let at = filtered
  let up = above
  for (let to = row; to < end; to += 16) {
    v128.store(to, v128.or(i8x16.add(spread(at), v128.load(up)), fill))
    at += 12
    up += 16
  }
}

function undoSub(filtered: usize, row: usize, end: usize, step: u32, stride: u32, fill: v128): void {
  let left = i32x4.splat(0)
  let at = filtered
  for (let to = row; to < end; to += stride) {
    left = i8x16.add(left, v128.load64_zero(at))
    v128.store64_lane(to, v128.or(left, fill), 0)
    at += step
  }
}

/**
 * floor((left + up) / 2) as ~avgr(~left, ~up), for avgr rounds up. With `inverse` = ~left, the next pixel's is then
 * avgr(inverse, ~up) - filtered.
 */
function undoAverage(
  filtered: usize,
  above: usize,
  row: usize,
  end: usize,
  step: u32,
  stride: u32,
  fill: v128,
): void {
  let inverse = i32x4.splat(-1)
  let at = filtered
  let up = above
  for (let to = row; to < end; to += stride) {
    inverse = i8x16.sub(i8x16.avgr_u(inverse, v128.not(v128.load64_zero(up))), v128.load64_zero(at))
    v128.store64_lane(to, v128.or(v128.not(inverse), fill), 0)
    at += step
    up += stride
  }
}

/**
 * Of a = left, b = up, c = up and left, Paeth takes what is nearest to a + b - c. Let t = 3c - a - b: if t reaches the larger
 * of a and b, the smaller one is nearest; if it falls to the smaller one, the larger; or else c. Ties, too, come out as
 * the standard has them; where both hold, a = b. Each pixel waits for the one before, so that what counts is the way from
 * `a` to `a`: all three sums are there when it is known which to take. In lanes of 16 bits, of which byte-wise additions
 * leave the high byte 0.
 */
function undoPaeth(
  filtered: usize,
  above: usize,
  row: usize,
  end: usize,
  step: u32,
  stride: u32,
  fill: v128,
): void {
  let a = i32x4.splat(0)
  let c = i32x4.splat(0)
  let at = filtered
  let up = above
  for (let to = row; to < end; to += stride) {
    const b = v128.load8x8_u(up)
    const raw = v128.load8x8_u(at)
    const threshold = i16x8.sub(i16x8.sub(i16x8.add(i16x8.add(c, c), c), b), a)
    const low = i16x8.min_s(a, b)
    const high = i16x8.max_s(a, b)
    const notLow = i16x8.gt_s(high, threshold)
    const notHigh = i16x8.gt_s(threshold, low)
    const corner = v128.and(v128.and(notLow, i8x16.add(c, raw)), notHigh)
    const side = v128.andnot(i8x16.add(low, raw), notLow)
    a = v128.or(v128.or(side, v128.andnot(i8x16.add(high, raw), notHigh)), corner)
    c = b
    v128.store64_lane(to, v128.or(i8x16.narrow_i16x8_u(a, a), fill), 0)
    at += step
    up += stride
  }
}
