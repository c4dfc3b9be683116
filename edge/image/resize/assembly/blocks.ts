// From source rows to the row that is filtered: laid on black, averaged, interleaved.

import { averages, begin, boxX, end, PAIR, PIXEL_BITS, pairs, RGBX, sourceWidth, sums, WIDE } from './picture'

/** Multiplies by alpha / 255, rounded down as libvips does, in place. */
export function layOnBlack(from: usize, until: usize): void {
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

export function interleaveBytes(source: usize): void {
  let to = pairs + (<usize>begin >> 1) * PAIR
  const stop = source + <usize>end * RGBX
  for (let at = source + <usize>begin * RGBX; at < stop; at += 16, to += 2 * PAIR) {
    const pixels = v128.load(at)
    const mixed = v128.shuffle<u8>(pixels, pixels, 0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15)
    v128.store(to, i16x8.extend_low_i8x16_u(mixed))
    v128.store(to, i16x8.extend_high_i8x16_u(mixed), PAIR)
  }
}

export function interleaveAverages(): void {
  let to = pairs + (<usize>begin >> 1) * PAIR
  const stop = averages + <usize>end * WIDE
  for (let at = averages + <usize>begin * WIDE; at < stop; at += 16, to += PAIR) {
    const pixels = v128.load(at)
    v128.store(to, v128.shuffle<u16>(pixels, pixels, 0, 4, 1, 5, 2, 6, 3, 7))
  }
}

/** Adds a source row to the sums of its block row, or begins them with it. */
export function addToSums(source: usize, isFirst: bool): void {
  const from = <usize>begin * <usize>boxX
  const until = min(<usize>end * <usize>boxX, <usize>sourceWidth)
  let to = sums + from * WIDE
  const stop = source + until * RGBX
  if (isFirst) {
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
export function averageSums(rowsInBlock: i32): void {
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
