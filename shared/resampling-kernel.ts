import type { Resize } from './model-manifest.ts'

/** A resampling filter: its weight at a distance from the centre (in pixels), and how far it reaches. */
export interface ResamplingKernel {
  readonly radius: number
  readonly weightAt: (distance: number) => number
}

/** Catmull-Rom. Pillow, libvips and torch's antialiased bicubic use this value; OpenCV uses -0.75. */
const CUBIC_A = -0.5

export const RESAMPLING_KERNELS: Readonly<Record<Resize['kernel'], ResamplingKernel>> = {
  triangle: { radius: 1, weightAt: (distance) => Math.max(0, 1 - Math.abs(distance)) },
  cubic: { radius: 2, weightAt: cubic },
  lanczos3: { radius: 3, weightAt: tabulated(lanczos3, 3) },
}

/** Samples of a table a unit of distance; interpolated between, the error stays below a millionth. */
const TABLE_STEPS = 1024

/** A photo takes thousands of weights, and sines cost more than everything else about them. */
function tabulated(weightAt: (distance: number) => number, radius: number): (distance: number) => number {
  let table: Float64Array | undefined
  return (distance) => {
    table ??= Float64Array.from({ length: radius * TABLE_STEPS + 2 }, (_, i) => weightAt(i / TABLE_STEPS))
    const position = Math.min(Math.abs(distance), radius) * TABLE_STEPS
    const below = Math.floor(position)
    const value = table[below] as number
    return value + ((table[below + 1] as number) - value) * (position - below)
  }
}

function cubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return ((CUBIC_A + 2) * x - (CUBIC_A + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * CUBIC_A
  return 0
}

function lanczos3(distance: number): number {
  return Math.abs(distance) < 3 ? sinc(distance) * sinc(distance / 3) : 0
}

function sinc(x: number): number {
  if (x === 0) return 1
  return Math.sin(Math.PI * x) / (Math.PI * x)
}
