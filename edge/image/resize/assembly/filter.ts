// The two passes of the kernel: along a row into the ring, and across the ring's rows into the output.

import {
  boxX,
  boxY,
  columnFirst,
  columnPairs,
  columns,
  columnWeights,
  output,
  PAIR,
  PIXEL_BITS,
  pairs,
  ring,
  ringRows,
  rowFirst,
  rowPairs,
  rowWeights,
  WEIGHT_BITS,
  WIDE,
} from './picture'

/** Resamples the row in `pairs` horizontally, into its place in the ring. */
export function filterRow(row: i32): void {
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
export function writeRow(outputRow: i32): void {
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
}

/** Four pixels, rounded by the half they began with and clamped to 0..255. */
function storeRgb(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const shift = WEIGHT_BITS + PIXEL_BITS
  const low = i16x8.narrow_i32x4_s(i32x4.shr_s(a, shift), i32x4.shr_s(b, shift))
  const high = i16x8.narrow_i32x4_s(i32x4.shr_s(c, shift), i32x4.shr_s(d, shift))
  const pixels = i8x16.narrow_i16x8_u(low, high)
  v128.store(to, v128.shuffle<u8>(pixels, pixels, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 15, 15, 15))
}
