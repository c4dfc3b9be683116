/** The middle value, or the mean of the two in the middle. Throws RangeError on no values. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** The value below which `p` percent of all lie (0 to 100), interpolated between neighbours. Throws RangeError on no values. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('no values to take a percentile of')
  const sorted = [...values].sort((a, b) => a - b)
  const position = ((sorted.length - 1) * p) / 100
  const below = sorted[Math.floor(position)] as number
  const above = sorted[Math.ceil(position)] as number
  return below + (above - below) * (position - Math.floor(position))
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
