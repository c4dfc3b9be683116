import type { PngPlan } from './png-writer.ts'

/** Of some structure and some noise, so that all kinds of matches and all filters have work. */
export function sampleOf(seed: number, bitDepth: number): PngPlan['sample'] {
  const levels = 2 ** bitDepth
  return (x, y, channel) => {
    const noise = Math.imul(x * 7919 + y * 104729 + channel * 1299709 + seed, 0x9e3779b1) >>> 20
    const smooth = x * 3 + y * 5 + channel * 40 + seed
    return (((noise & 3) === 0 ? noise : smooth) * (bitDepth === 16 ? 259 : 1)) % levels
  }
}

export const PALETTE = Array.from({ length: 256 * 3 }, (_, i) => (i * 37 + (i >> 4)) % 256)

/** Colour type and bit depth. */
export const PNG_KINDS = [
  [0, 1],
  [0, 2],
  [0, 4],
  [0, 8],
  [0, 16],
  [2, 8],
  [2, 16],
  [3, 1],
  [3, 2],
  [3, 4],
  [3, 8],
  [4, 8],
  [4, 16],
  [6, 8],
  [6, 16],
] as const

export function planOf(
  colourType: PngPlan['colourType'],
  bitDepth: number,
  width: number,
  height: number,
): PngPlan {
  const palette = colourType === 3 ? PALETTE.slice(0, 2 ** bitDepth * 3) : undefined
  const sample = sampleOf(width + height, bitDepth)
  return { width, height, bitDepth, colourType, sample, ...(palette ? { palette } : {}) }
}
