/** Numbers spread evenly over (-1, 1), always the same for a seed. */
export function seededWeights(seed: number): (count: number, scale: number) => Float32Array {
  let state = seed | 1
  return (count, scale) => {
    const weights = new Float32Array(count)
    for (let i = 0; i < count; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      weights[i] = (state / 2 ** 31) * scale
    }
    return weights
  }
}
