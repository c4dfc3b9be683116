import type { Prediction } from '../shared/job.ts'
import type { JobStatus } from '../shared/job-state.ts'
import type { PublicJob } from '../shared/public-job.ts'
import { EdgebatchJobError } from './edgebatch-error.ts'

const PENDING: readonly JobStatus[] = ['queued', 'processing']

/** Whether it is final: succeeded, failed, expired or canceled. */
export function hasEnded(status: JobStatus): boolean {
  return !PENDING.includes(status)
}

/** The labels of a job, best first; none if its model is for something else. Throws EdgebatchJobError if it did not succeed. */
export function predictions(job: PublicJob): Prediction[] {
  if (!job.success) throw new EdgebatchJobError(job)
  return job.predictions ?? []
}
