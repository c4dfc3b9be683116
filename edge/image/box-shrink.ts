import type { RgbxImage } from '../../shared/pixels.ts'
import type { ResizePlan } from '../../shared/resize-plan.ts'

/** As libvips: average whole blocks first, and leave at least this factor to the kernel, which hides the blocks. */
const LEFT_TO_KERNEL = 2

/**
 * Averages blocks of pixels where the picture is far too large for the model, so that the kernel sees few of them.
 * Returns the image itself where there is nothing to gain (a scale below 4).
 */
export function boxShrink(image: RgbxImage, plan: ResizePlan): RgbxImage {
  const factorX = Math.max(1, Math.floor(image.spanX / plan.columns.scaled / LEFT_TO_KERNEL))
  const factorY = Math.max(1, Math.floor(image.spanY / plan.rows.scaled / LEFT_TO_KERNEL))
  if (factorX === 1 && factorY === 1) return image
  const width = Math.ceil(image.spanX / factorX)
  const height = Math.ceil(image.spanY / factorY)
  const data = new Uint8Array(width * height * 4)
  const sums = new Uint32Array(width * 3)
  for (let y = 0; y < height; y++) {
    const top = y * factorY
    const bottom = Math.min(top + factorY, image.height)
    sums.fill(0)
    for (let sourceY = top; sourceY < bottom; sourceY++) addRow(sums, image, sourceY, factorX)
    writeMeans(data, y * width * 4, sums, image.width, factorX, bottom - top)
  }
  return { data, width, height, spanX: image.spanX / factorX, spanY: image.spanY / factorY }
}

function addRow(sums: Uint32Array, image: RgbxImage, y: number, factorX: number): void {
  const { data, width } = image
  let at = y * width * 4
  for (let x = 0, out = 0; x < width; out += 3) {
    const end = Math.min(x + factorX, width)
    let red = 0
    let green = 0
    let blue = 0
    for (; x < end; x++, at += 4) {
      red += data[at] as number
      green += data[at + 1] as number
      blue += data[at + 2] as number
    }
    sums[out] = (sums[out] as number) + red
    sums[out + 1] = (sums[out + 1] as number) + green
    sums[out + 2] = (sums[out + 2] as number) + blue
  }
}

/** The last column's blocks may be narrower than `factorX`. */
function writeMeans(
  data: Uint8Array,
  start: number,
  sums: Uint32Array,
  sourceWidth: number,
  factorX: number,
  rows: number,
): void {
  for (let out = 0, x = 0, at = start; out < sums.length; out += 3, x += factorX, at += 4) {
    const count = Math.min(factorX, sourceWidth - x) * rows
    for (let channel = 0; channel < 3; channel++) {
      data[at + channel] = Math.round((sums[out + channel] as number) / count)
    }
  }
}
