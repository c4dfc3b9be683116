import type { AxisWeights } from './axis-weights.ts'
import type { RgbTile, RgbxImage } from './pixels.ts'

/**
 * Resamples `columns.outputs` x `rows.outputs` pixels out of an image: first along rows, only for the rows that are
 * needed, then across them. Sums stay in floats until the end; results are rounded and clamped to 0..255.
 *
 * Only `rows.taps` filtered rows are held at a time, in a ring: since `rows.first` never decreases, a row that has left
 * the window is not asked for again.
 */
export function resample(image: RgbxImage, columns: AxisWeights, rows: AxisWeights): RgbTile {
  const rowLength = columns.outputs * 3
  const ring = Array.from({ length: rows.taps }, () => new Float32Array(rowLength))
  const sum = new Float32Array(rowLength)
  const data = new Uint8ClampedArray(rowLength * rows.outputs)
  let filteredRows = 0
  for (let y = 0; y < rows.outputs; y++) {
    const first = rows.first[y] as number
    const end = first + rows.taps
    for (let row = Math.max(first, filteredRows); row < end; row++) {
      filterRow(image.data, row * image.width * 4, columns, ring[row % rows.taps] as Float32Array)
    }
    filteredRows = end
    sum.fill(0)
    for (let t = 0; t < rows.taps; t++) {
      const weight = rows.weights[y * rows.taps + t] as number
      if (weight !== 0) addWeighted(sum, ring[(first + t) % rows.taps] as Float32Array, weight)
    }
    data.set(sum, y * rowLength)
  }
  return { data: new Uint8Array(data.buffer), width: columns.outputs, height: rows.outputs }
}

/** One row of RGBX bytes from `start` on, resampled into RGB floats. */
function filterRow(
  source: RgbxImage['data'],
  start: number,
  columns: AxisWeights,
  target: Float32Array,
): void {
  const { outputs, taps, first, weights } = columns
  for (let x = 0, tap = 0, out = 0; x < outputs; x++, out += 3) {
    let at = start + (first[x] as number) * 4
    let red = 0
    let green = 0
    let blue = 0
    for (const end = tap + taps; tap < end; tap++, at += 4) {
      const weight = weights[tap] as number
      red += weight * (source[at] as number)
      green += weight * (source[at + 1] as number)
      blue += weight * (source[at + 2] as number)
    }
    target[out] = red
    target[out + 1] = green
    target[out + 2] = blue
  }
}

function addWeighted(sum: Float32Array, row: Float32Array, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (row[i] as number)
}
