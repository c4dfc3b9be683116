/** Bytes of a decoded tensor (one byte an element). */
export function tensorByteLength(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1)
}
