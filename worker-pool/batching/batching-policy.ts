export interface BatchingLimits {
  maxBatchSize: number
  /** How long a free session may wait for a batch to fill. */
  maxDelayMs: number
  /** Sizes at which a batch that may still wait is run at once. */
  preferredSizes: readonly number[]
}

/**
 * How long, in ms, a free session should still wait for more jobs to join a batch of `size`, whose oldest job came `ageMs` ago. 0: run
 * it now. Without a delay a free session takes what is there; batches then fill only while all sessions are busy.
 */
export function waitForMore(size: number, ageMs: number, limits: BatchingLimits): number {
  if (size >= limits.maxBatchSize || limits.preferredSizes.includes(size)) return 0
  return Math.max(0, limits.maxDelayMs - ageMs)
}

/**
 * Up to which size a batch of `size` should be filled next: a preferred size is never jumped over, so that it can be run when it is
 * reached.
 */
export function nextSize(size: number, { maxBatchSize, maxDelayMs, preferredSizes }: BatchingLimits): number {
  if (maxDelayMs === 0) return maxBatchSize
  const above = preferredSizes.filter((preferred) => preferred > size && preferred < maxBatchSize)
  return Math.min(maxBatchSize, ...above)
}
