import { PALETTE } from './layout'

/**
 * Unfiltered samples to RGBA of 8 bits a channel. Of 16-bit samples the high byte is kept. Loops run over whole groups of
 * pixels: up to 16 bytes past the row's end are read and written.
 */

const OPAQUE: u32 = 0xff000000

/** Samples of 1, 2, 4 or 8 bits, from the high bits of each byte down, looked up in PALETTE. */
export function expandIndexed(row: usize, to: usize, width: u32, depth: u32): void {
  const last = to + (width << 2)
  const mask: u32 = (1 << depth) - 1
  let at = row
  for (let pixel = to; pixel < last; at++) {
    const samples = load<u8>(at) as u32
    for (let shift: i32 = 8 - depth; shift >= 0; shift -= depth) {
      store<u32>(pixel, load<u32>(PALETTE + (((samples >> shift) & mask) << 2)))
      pixel += 4
    }
  }
}

export function expandGreyAlpha(row: usize, to: usize, width: u32): void {
  for (let i: u32 = 0; i < width; i += 4) {
    const pixels = v128.load64_zero(row + (i << 1))
    v128.store(to + (i << 2), i8x16.swizzle(pixels, i8x16(0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 4, 5, 6, 6, 6, 7)))
  }
}

export function expandGreyAlpha16(row: usize, to: usize, width: u32): void {
  for (let i: u32 = 0; i < width; i += 4) {
    const pixels = v128.load(row + (i << 2))
    v128.store(
      to + (i << 2),
      i8x16.swizzle(pixels, i8x16(0, 0, 0, 2, 4, 4, 4, 6, 8, 8, 8, 10, 12, 12, 12, 14)),
    )
  }
}

export function expandRgba16(row: usize, to: usize, width: u32): void {
  const high = i8x16(0, 2, 4, 6, 8, 10, 12, 14, 16, 16, 16, 16, 16, 16, 16, 16)
  for (let i: u32 = 0; i < width; i += 2) {
    v128.store64_lane(to + (i << 2), i8x16.swizzle(v128.load(row + (i << 3)), high), 0)
  }
}

/** `key` is the one grey that is transparent, or more than 16 bits can say. */
export function expandGrey16(row: usize, to: usize, width: u32, key: u32): void {
  for (let i: u32 = 0; i < width; i++) {
    const sample = load<u16>(row + (i << 1)) as u32
    const bigEndian = ((sample & 0xff) << 8) | (sample >> 8)
    store<u32>(to + (i << 2), (sample & 0xff) * 0x010101 + (bigEndian === key ? 0 : OPAQUE))
  }
}

/** `key` is the one colour that is transparent, 48 bits with red highest, or more than 48 bits can say. */
export function expandRgb16(row: usize, to: usize, width: u32, key: u64): void {
  for (let i: u32 = 0; i < width; i++) {
    const samples = load<u64>(row + i * 6)
    const colour = (samples & 0xff) | ((samples >> 8) & 0xff00) | ((samples >> 16) & 0xff0000)
    const alpha = bswap<u64>(samples) >> 16 === key ? 0 : OPAQUE
    store<u32>(to + (i << 2), (colour as u32) | alpha)
  }
}

/** Makes pixels of the colour `key` (as RGBA in memory, opaque) transparent, in place. */
export function clearKeyed(row: usize, width: u32, key: u32): void {
  const colour = i32x4.splat(key)
  const opaque = i32x4.splat(OPAQUE)
  const end = row + (width << 2)
  for (let at = row; at < end; at += 16) {
    const pixels = v128.or(v128.load(at), opaque)
    v128.store(at, v128.andnot(pixels, v128.and(i32x4.eq(pixels, colour), opaque)))
  }
}
