/**
 * EXIF 2.3, tag 0x0112: which visual sides the stored row 0 and the stored column 0 are.
 * 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** How the upright picture's axes lie in the stored one. */
export interface Turn {
  /** Upright rows are stored columns: the picture lies on its side. */
  readonly swapped: boolean
  /** Upright left-to-right runs backwards along the stored axis that holds it. */
  readonly reversedX: boolean
  /** Upright top-to-bottom runs backwards along the stored axis that holds it. */
  readonly reversedY: boolean
}

export function turnOf(orientation: Orientation): Turn {
  return {
    swapped: orientation >= 5,
    reversedX: orientation === 2 || orientation === 3 || orientation === 6 || orientation === 7,
    reversedY: orientation === 3 || orientation === 4 || orientation === 7 || orientation === 8,
  }
}
