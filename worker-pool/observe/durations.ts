import type { ClaimedJob } from '../../shared/job-queue.ts'
import type { BatchTimes, SettledJob } from './pool-observer.ts'

/**
 * Milliseconds, from acceptance until this attempt's claim. Both are readings of Redis' clock; that may step back, when a replica
 * takes over, and then the wait counts as none.
 */
export function queuedMs({ createdAt, claimedAt }: ClaimedJob): number {
  return Math.max(0, claimedAt - createdAt)
}

/**
 * Milliseconds from each job's claim until all of `jobs` were settled: by Redis' clock up to the last claim, and by this process' from
 * there on. Jobs of one batch may be claimed one after another.
 */
export function heldMs(
  jobs: readonly SettledJob[],
  times: Pick<BatchTimes, 'claimedAt' | 'settledAt'>,
): (job: ClaimedJob) => number {
  const lastClaim = Math.max(...jobs.map(({ job }) => job.claimedAt))
  const sinceLastClaim = times.settledAt - times.claimedAt
  return ({ claimedAt }) => sinceLastClaim + (lastClaim - claimedAt)
}
