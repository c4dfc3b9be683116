/**
 * Images on which two forms of a model are compared, uint8 [side, side, 3]: always the same, unlike one another, and
 * with no symmetry that would hide a swap of axes or channels.
 */
export function sampleImages(side: number): Uint8Array[] {
  return [
    image(side, (y, x, c) => (y * 7 + x * 13 + c * 29) & 255),
    image(side, (y, x, c) => ((y * y) / side + x * (c + 1)) & 255),
    image(side, (y, x, c) => ((((y >> 3) ^ (x >> 2)) & 1) === 0 ? 40 + 80 * c : 230 - 60 * c)),
    image(side, noise()),
  ]
}

function image(side: number, value: (y: number, x: number, c: number) => number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3)
  let i = 0
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) for (let c = 0; c < 3; c++) pixels[i++] = value(y, x, c)
  return pixels
}

function noise(): () => number {
  let state = 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  }
}
