import type { JobLook } from '../shared/job-queue.ts'
import { isTerminal } from '../shared/job-state.ts'
import type { Outlook } from '../shared/public-job.ts'

/** Seconds that a client is told to stay away, at least and at most. */
const MIN_RETRY_SECONDS = 1
const MAX_RETRY_SECONDS = 60
/** Where no live pool has told how fast it is: pools may be on their way up. */
const UNKNOWN_RETRY_SECONDS = 5
/** A queue that is full is worth trying again when this part of it is served: later callers find room as well. */
const ROOM = 0.1

/**
 * Where a job stands, and in how many seconds its result is to be expected: the jobs that will have been served when it has, by the images a
 * second that the pools of its version serve while they are busy (`drainRate`; null where none has told).
 */
export function outlookOf({ job, position }: JobLook, drainRate: number | null): Outlook {
  if (isTerminal(job.status)) return { position: null, etaSeconds: null }
  const toServe = job.status === 'queued' ? position : 1
  const etaSeconds = toServe === null || !drainRate ? null : Math.ceil((10 * toServe) / drainRate) / 10
  return { position, etaSeconds }
}

/** `Retry-After` of a pending job. */
export function retryAfterOutlook({ etaSeconds }: Outlook): number {
  return etaSeconds === null ? MIN_RETRY_SECONDS : within(etaSeconds)
}

/** `Retry-After` of a queue that is full of `backlog` jobs. */
export function retryAfterFull(backlog: number, drainRate: number | null): number {
  return drainRate ? within((ROOM * backlog) / drainRate) : UNKNOWN_RETRY_SECONDS
}

function within(seconds: number): number {
  return Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, Math.ceil(seconds)))
}
