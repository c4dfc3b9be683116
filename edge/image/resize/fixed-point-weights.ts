import type { AxisWeights } from '../../../shared/axis-weights.ts'

/** The fixed-point 1.0 of weights: 14 bits after the point. Small enough for 16 bits with a sign, whatever the kernel. */
export const WEIGHT_ONE = 1 << 14

/**
 * An output's weights as 16-bit integers that add up to exactly WEIGHT_ONE, so that plain colours stay exact: what
 * rounding leaves goes to the largest weight. `target` takes them from `offset` on.
 */
export function writeFixedWeights(
  { taps, weights }: AxisWeights,
  output: number,
  target: Int16Array,
  offset: number,
): void {
  let rest = WEIGHT_ONE
  let largest = 0
  for (let t = 0; t < taps; t++) {
    const weight = weights[output * taps + t] as number
    const fixed = Math.round(weight * WEIGHT_ONE)
    target[offset + t] = fixed
    rest -= fixed
    if (weight > (weights[output * taps + largest] as number)) largest = t
  }
  target[offset + largest] = (target[offset + largest] as number) + rest
}
