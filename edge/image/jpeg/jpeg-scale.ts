import type { ResizePlan } from '../../../shared/resize-plan.ts'

/**
 * Scales, in eighths, at which a JPEG is decoded. At these, libjpeg's reduced inverse DCT gives the averages of 8, 4 or 2
 * neighbours each way, in luma exactly; other sizes cut frequencies off sharply, and stay further from a full decode. How far
 * these do: `npm run bench:images -- --only accuracy`.
 */
const SCALES = [1, 2, 4, 8] as const

export type JpegScale = (typeof SCALES)[number]

/** How much larger than the model needs a JPEG is decoded at least, so that the resampling kernel does most of the work. */
const OVERSAMPLING = 2

/** Length of a side decoded at `eighths` / 8, in whole samples (libjpeg's jdiv_round_up). */
export function reducedLength(length: number, eighths: number): number {
  return Math.ceil((length * eighths) / 8)
}

/** The scale to decode a JPEG at: the smallest that leaves OVERSAMPLING times what the model needs, or else the full size. */
export function chooseScale({ columns, rows }: ResizePlan): JpegScale {
  const needed = 8 * Math.max(columns.scaled / columns.source, rows.scaled / rows.source)
  return SCALES.find((scale) => scale >= needed * OVERSAMPLING) ?? 8
}
