/**
 * A decoded picture on its way, as stored (not yet turned upright): 4 bytes a pixel, R, G, B and alpha.
 *
 * A decoder that reduces by 3/8 turns 1001 columns into 376 samples, though they span only 375.375 of them: the last
 * sample is partly padding. `spanX` and `spanY` keep that exact length, so that reduced photos do not shift.
 * Invariant: width - 1 < spanX <= width, and the same for the height.
 */
export interface Picture {
  /** In samples. */
  readonly width: number
  readonly height: number
  /** The picture's length in samples, fractions included. */
  readonly spanX: number
  readonly spanY: number
  /** Whether the fourth byte counts; if not, it is not looked at. */
  readonly hasAlpha: boolean
}

/**
 * Takes a picture's rows, top to bottom, any number of whole rows a call: 4 bytes a pixel. The bytes may lie in a
 * decoder's memory; they are not looked at after the call.
 */
export type RowSink = (rows: Uint8Array) => void

/** A decoded picture as a whole: 4 bytes a pixel, row by row, of which the fourth means nothing. */
export interface RgbxImage {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** RGB, 3 bytes a pixel, row by row without gaps. */
export interface RgbTile {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}
