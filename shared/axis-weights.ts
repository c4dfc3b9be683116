import type { ResamplingKernel } from './resampling-kernel.ts'
import type { AxisPlan } from './resize-plan.ts'

/**
 * Which source samples make up each output sample along one axis.
 * Output i is the sum over t < taps of `weights[i * taps + t] * source[first[i] + t]`; unused taps weigh 0.
 * Invariants: `first` never decreases, 0 <= first[i] <= samples - taps, and the weights of an output add up to 1.
 */
export interface AxisWeights {
  readonly outputs: number
  readonly taps: number
  readonly first: Int32Array
  readonly weights: Float32Array
}

/**
 * `samples` is what the decoder delivered along this axis, `span` the picture's exact length in them.
 * When shrinking, the kernel widens with the scale (as in Pillow and libvips); beyond the border it is cut off and the
 * rest weighs more (as in Pillow).
 */
export function axisWeights(
  kernel: ResamplingKernel,
  samples: number,
  span: number,
  axis: AxisPlan,
): AxisWeights {
  const scale = span / axis.scaled
  const stretch = Math.max(1, scale)
  const reach = kernel.radius * stretch
  const taps = Math.min(samples, Math.ceil(2 * reach))
  const first = new Int32Array(axis.count)
  const weights = new Float32Array(axis.count * taps)
  for (let i = 0; i < axis.count; i++) {
    const centre = (axis.offset + i + 0.5) * scale
    // The first sample whose centre is nearer than `reach`.
    const nearest = Math.floor(centre - reach - 0.5) + 1
    const start = Math.min(Math.max(0, nearest), samples - taps)
    first[i] = start
    const row = weights.subarray(i * taps, (i + 1) * taps)
    for (let t = 0; t < taps; t++) row[t] = kernel.weightAt((start + t + 0.5 - centre) / stretch)
    normalise(row)
  }
  return { outputs: axis.count, taps, first, weights }
}

/** Weights that copy `count` samples as they are. */
export function copyingWeights(count: number): AxisWeights {
  return {
    outputs: count,
    taps: 1,
    first: Int32Array.from({ length: count }, (_, i) => i),
    weights: new Float32Array(count).fill(1),
  }
}

function normalise(row: Float32Array): void {
  let sum = 0
  for (let t = 0; t < row.length; t++) sum += row[t] as number
  for (let t = 0; t < row.length; t++) row[t] = (row[t] as number) / sum
}
