import type { Resize } from './model-manifest.ts'
import { type Orientation, turnOf } from './orientation.ts'

/** One axis of the stored picture: it is scaled to `scaled` pixels, of which `count` from `offset` on are wanted. */
export interface AxisPlan {
  /** Length of the stored picture, in pixels. */
  readonly source: number
  readonly scaled: number
  readonly offset: number
  readonly count: number
}

/** Where the pixels of the model's input come from (in stored axes) and where they go (upright). */
export interface ResizePlan {
  readonly columns: AxisPlan
  readonly rows: AxisPlan
  readonly orientation: Orientation
  /** Side of the square output. */
  readonly crop: number
  /** Where the resampled part starts in the output; above 0 only beside the black bars of `contain`. */
  readonly left: number
  readonly top: number
}

interface Stored {
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
}

/**
 * Lays the model's input over the photo. Rounding follows torchvision's Resize and CenterCrop, which most models are
 * trained with: the long side is rounded down, a half-pixel margin to the even neighbour.
 */
export function planResize(resize: Resize, stored: Stored): ResizePlan {
  const turn = turnOf(stored.orientation)
  const width = turn.swapped ? stored.height : stored.width
  const height = turn.swapped ? stored.width : stored.height
  const scaled = scaledSides(resize, width, height)
  const x = fitAxis(width, scaled.width, resize.crop)
  const y = fitAxis(height, scaled.height, resize.crop)
  const storedX = turn.reversedX ? backwards(x.axis) : x.axis
  const storedY = turn.reversedY ? backwards(y.axis) : y.axis
  return {
    columns: turn.swapped ? storedY : storedX,
    rows: turn.swapped ? storedX : storedY,
    orientation: stored.orientation,
    crop: resize.crop,
    left: x.margin,
    top: y.margin,
  }
}

function scaledSides(
  { mode, size }: Resize,
  width: number,
  height: number,
): { width: number; height: number } {
  if (mode === 'stretch') return { width: size, height: size }
  const [short, long] = width < height ? [width, height] : [height, width]
  const other =
    mode === 'cover' ? Math.floor((size * long) / short) : Math.max(1, Math.round((size * short) / long))
  const widthIsSize = mode === 'cover' ? width <= height : width >= height
  return widthIsSize ? { width: size, height: other } : { width: other, height: size }
}

/** Cuts the middle out of a scaled axis that is longer than the crop, or centres one that is shorter. */
function fitAxis(source: number, scaled: number, crop: number): { axis: AxisPlan; margin: number } {
  return scaled >= crop
    ? { axis: { source, scaled, offset: halfToEven(scaled - crop), count: crop }, margin: 0 }
    : { axis: { source, scaled, offset: 0, count: scaled }, margin: halfToEven(crop - scaled) }
}

function backwards(axis: AxisPlan): AxisPlan {
  return { ...axis, offset: axis.scaled - axis.offset - axis.count }
}

/** Half of a whole number, ties to even: Python's `round(n / 2)`. */
function halfToEven(n: number): number {
  const half = Math.floor(n / 2)
  return n % 2 === 1 && half % 2 === 1 ? half + 1 : half
}
