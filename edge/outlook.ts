import type { JobLook } from '../shared/job-queue.ts'
import { isTerminal } from '../shared/job-state.ts'
import type { Outlook } from '../shared/public-job.ts'

/** Seconds that a client is told to stay away, at least, and of a pending job at most. */
const MIN_RETRY_SECONDS = 1
const MAX_RETRY_SECONDS = 60
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

/** `Retry-After` of who was refused and is to come back in `ms`. */
export function retryAfterRefused(ms: number): number {
  return Math.max(MIN_RETRY_SECONDS, Math.ceil(ms / 1000))
}

function within(seconds: number): number {
  return Math.min(MAX_RETRY_SECONDS, Math.max(MIN_RETRY_SECONDS, Math.ceil(seconds)))
}
