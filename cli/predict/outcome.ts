import { hasEnded } from '../../client/job-status.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { jobText } from '../jobs/job-text.ts'
import { printableLine } from '../printable.ts'

/** What came of a photo: a line of `--json`, and of the file that a run is resumed from. */
export interface Outcome {
  file: string
  /** Of what was asked: the same photo, asked the same, has the same. Null where the photo could not be read. */
  key: string | null
  /** Null where there is none. */
  job: PublicJob | null
  /** Why there is no job; null where there is one. */
  error: OutcomeError | null
}

export interface OutcomeError {
  /** One of the API's, `unreadable-file`, or `not-in-time`. */
  code: string
  detail: string
}

/** It was not accepted within --wait, and may be later. */
export const NOT_IN_TIME = 'not-in-time'

export function hasSucceeded({ job }: Outcome): boolean {
  return job?.success === true
}

/** Whether there may be a result later. */
export function isPending({ job, error }: Outcome): boolean {
  return job === null ? error?.code === NOT_IN_TIME : !hasEnded(job.status)
}

/** For people: what came of it. */
export function outcomeText({ file, job, error }: Outcome): string {
  if (error) return printableLine(`${file}: ${error.detail}`)
  const id = job && !hasEnded(job.status) ? ` (${job.id})` : ''
  return printableLine(job ? `${file}: ${jobText(job)}${id}` : file)
}

/** For people: what was handed in, and by what to ask for it. */
export function receiptText({ file, job, error }: Outcome): string {
  return printableLine(`${file}: ${error ? error.detail : `${job?.status}: ${job?.id}`}`)
}
