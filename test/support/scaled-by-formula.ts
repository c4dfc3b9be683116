import type { ResamplingKernel } from '../../shared/resampling-kernel.ts'
import type { AxisPlan } from '../../shared/resize-plan.ts'

/** RGB, row by row. */
export interface Picture {
  data: ArrayLike<number>
  width: number
  height: number
}

/**
 * Scaled and cut as the textbook says, without a thought for speed: an output sample is the mean of the samples around its
 * centre, weighed by the kernel, which is widened when shrinking. Samples beyond the border do not exist.
 */
export function scaledByFormula(
  picture: Picture,
  columns: AxisPlan,
  rows: AxisPlan,
  kernel: ResamplingKernel,
): Buffer {
  const sideways = transposed(scaledAcross(picture, columns, kernel))
  const { data } = transposed(scaledAcross(sideways, rows, kernel))
  return Buffer.from(Uint8ClampedArray.from(data))
}

function scaledAcross({ data, width, height }: Picture, axis: AxisPlan, kernel: ResamplingKernel): Picture {
  const scale = width / axis.scaled
  const stretch = Math.max(1, scale)
  const output = new Float64Array(axis.count * height * 3)
  for (let x = 0; x < axis.count; x++) {
    const centre = (axis.offset + x + 0.5) * scale
    const from = Math.max(0, Math.floor(centre - kernel.radius * stretch))
    const to = Math.min(width, Math.ceil(centre + kernel.radius * stretch))
    const weights = Array.from({ length: to - from }, (_, i) =>
      kernel.weightAt((from + i + 0.5 - centre) / stretch),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    for (let y = 0; y < height; y++) {
      for (let channel = 0; channel < 3; channel++) {
        const sampleAt = (i: number) => data[(y * width + from + i) * 3 + channel] as number
        const sum = weights.reduce((running, weight, i) => running + weight * sampleAt(i), 0)
        output[(y * axis.count + x) * 3 + channel] = sum / total
      }
    }
  }
  return { data: output, width: axis.count, height }
}

function transposed({ data, width, height }: Picture): Picture {
  const output = new Float64Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        output[(x * height + y) * 3 + channel] = data[(y * width + x) * 3 + channel] as number
      }
    }
  }
  return { data: output, width: height, height: width }
}
