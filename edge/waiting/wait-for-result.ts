import type { Job } from '../../shared/job.ts'
import type { JobLook } from '../../shared/job-queue.ts'
import { isTerminal } from '../../shared/job-state.ts'
import { type Looks, lookAtJob } from './look-at-job.ts'

export interface Wait extends Looks {
  /** The job as it was accepted, if it is known to be there. */
  accepted: JobLook | undefined
}

/**
 * Waits until a job is terminal, gone, or the time is over; returns it as last seen. An accepted job is not looked
 * at if there is no time to wait, or if it had ended already. A look that fails is made again at the next step: who has a job id must get it,
 * even if the queue has become unreachable since. Only where nothing is known of the job, the last failure is thrown.
 */
export async function waitForResult({ accepted, ...looks }: Wait): Promise<JobLook | undefined> {
  if (accepted && (looks.waitMs <= 0 || isTerminal(accepted.job.status))) return accepted
  let last = accepted
  let failure: Error | undefined
  for await (const found of lookAtJob(looks)) {
    if (found instanceof Error) failure = found
    else if (found) last = { job: found.job, position: found.position ?? positionOf(last, found.job) }
    else return undefined
  }
  if (!last && failure) throw failure
  return last
}

/** A look that does not tell the place leaves the one that was known, while the job waits. */
function positionOf(last: JobLook | undefined, job: Job): number | null {
  return job.status === 'queued' ? (last?.position ?? null) : null
}
