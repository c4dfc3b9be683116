import { turnOf } from './orientation.ts'
import type { RgbTile } from './pixels.ts'
import type { ResizePlan } from './resize-plan.ts'

/** Turns the resampled part upright and puts it into the square output, on black. Returns crop x crop x 3 bytes. */
export function placeUpright(tile: RgbTile, plan: ResizePlan): Uint8Array {
  const { swapped, reversedX, reversedY } = turnOf(plan.orientation)
  if (plan.orientation === 1 && tile.width === plan.crop && tile.height === plan.crop) return tile.data
  const width = swapped ? tile.height : tile.width
  const height = swapped ? tile.width : tile.height
  const stepX = (swapped ? tile.width * 3 : 3) * (reversedX ? -1 : 1)
  const stepY = (swapped ? 3 : tile.width * 3) * (reversedY ? -1 : 1)
  const start = (reversedX ? -stepX * (width - 1) : 0) + (reversedY ? -stepY * (height - 1) : 0)
  const output = new Uint8Array(plan.crop * plan.crop * 3)
  for (let y = 0; y < height; y++) {
    let from = start + y * stepY
    let to = ((plan.top + y) * plan.crop + plan.left) * 3
    for (let x = 0; x < width; x++, from += stepX, to += 3) {
      output[to] = tile.data[from] as number
      output[to + 1] = tile.data[from + 1] as number
      output[to + 2] = tile.data[from + 2] as number
    }
  }
  return output
}
