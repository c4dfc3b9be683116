import type { AxisPlan } from '../../../shared/resize-plan.ts'

/** As libvips: average whole blocks first, and leave at least this factor to the kernel, which hides the blocks. */
const LEFT_TO_KERNEL = 2

/** Sums of a block's column are kept in 16 bits: 257 rows of 255. */
const MAX_FACTOR = 256

/** Blocks of `factor` samples along one axis, the last one shorter; `span` is the picture's exact length in blocks. */
export interface BoxPlan {
  readonly factor: number
  readonly blocks: number
  readonly span: number
}

/** How many samples to average where the picture is far too large for the model: 1 below a scale of 4. */
export function planBoxes(spanInSamples: number, axis: AxisPlan): BoxPlan {
  const scale = spanInSamples / axis.scaled
  const factor = Math.min(MAX_FACTOR, Math.max(1, Math.floor(scale / LEFT_TO_KERNEL)))
  const span = spanInSamples / factor
  return { factor, blocks: Math.ceil(span), span }
}
