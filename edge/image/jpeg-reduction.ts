import { ProblemError } from '../../shared/errors.ts'
import type { ResizePlan } from '../../shared/resize-plan.ts'
import type { ImageLimits } from './image-limits.ts'

/**
 * How much larger than the model needs a JPEG is decoded at least. libjpeg's reduced decoding cuts frequencies off
 * sharply, a little differently for each factor; the kernel hides that when it shrinks by 2 or more. Measured on photos
 * against a full decode, mean absolute difference of the worst photo: 1.06 of 255 at 1.5, 0.53 at 2.
 */
const OVERSAMPLING = 2

/** Length of a side decoded at `eighths` / 8, in whole samples (TJSCALED of TurboJPEG). */
export function reducedLength(length: number, eighths: number): number {
  return Math.ceil((length * eighths) / 8)
}

/**
 * The scale, in eighths (1 to 8), to decode a JPEG at. Falls back to less oversampling where the decoded picture would
 * take too much memory, down to none. Throws ProblemError 'image-too-large' where not even that fits.
 */
export function chooseReduction(plan: ResizePlan, limits: ImageLimits): number {
  const { columns, rows } = plan
  const needed = 8 * Math.max(columns.scaled / columns.source, rows.scaled / rows.source)
  const least = clampToEighths(Math.ceil(needed))
  for (let eighths = clampToEighths(Math.ceil(needed * OVERSAMPLING)); eighths >= least; eighths--) {
    const pixels = reducedLength(columns.source, eighths) * reducedLength(rows.source, eighths)
    if (pixels <= limits.maxDecodedPixels) return largestOfSameSize(plan, eighths)
  }
  throw new ProblemError(
    'image-too-large',
    `The image is ${columns.source} x ${rows.source}, too many pixels for this model at such proportions.`,
  )
}

function clampToEighths(eighths: number): number {
  return Math.min(8, Math.max(1, eighths))
}

/** TurboJPEG is told sizes, not factors, and takes the largest factor that yields them. */
function largestOfSameSize({ columns, rows }: ResizePlan, eighths: number): number {
  const sameSize = (other: number) =>
    reducedLength(columns.source, other) === reducedLength(columns.source, eighths) &&
    reducedLength(rows.source, other) === reducedLength(rows.source, eighths)
  let largest = eighths
  while (largest < 8 && sameSize(largest + 1)) largest++
  return largest
}
