/**
 * Sizes of batch that a session is warmed for: 1, 2, 4, ... and the largest itself. CUDA and TensorRT choose their kernels anew for
 * every size they have not seen, which stalls a run for seconds; there a batch is padded to the next of these.
 */
export function bucketsUpTo(maxBatchSize: number): number[] {
  const buckets = []
  for (let n = 1; n < maxBatchSize; n *= 2) buckets.push(n)
  return [...buckets, maxBatchSize]
}

/** The smallest bucket that holds `n` images. Throws RangeError if none does. `buckets` ascend. */
export function bucketFor(n: number, buckets: readonly number[]): number {
  const bucket = buckets.find((size) => size >= n)
  if (bucket === undefined) throw new RangeError(`no bucket holds ${n} images`)
  return bucket
}
