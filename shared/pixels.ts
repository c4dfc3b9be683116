/**
 * Decoded pixels, row by row, 4 bytes each: R, G, B and a byte that means nothing.
 *
 * A decoder that reduces by 3/8 turns 1001 columns into 376 samples, though they span only 375.375 of them: the last
 * sample is partly padding. `spanX` and `spanY` keep that exact length, so that reduced photos do not shift.
 * Invariant: width - 1 < spanX <= width, and the same for the height.
 */
export interface RgbxImage {
  readonly data: Uint8Array | Uint8ClampedArray
  /** In samples. */
  readonly width: number
  readonly height: number
  /** The picture's length in samples, fractions included. */
  readonly spanX: number
  readonly spanY: number
}

/** RGB, 3 bytes a pixel, row by row without gaps. */
export interface RgbTile {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}
