import type { JobStatus } from '../../../../shared/job-state.ts'
import { PRIORITIES } from '../../../../shared/priority.ts'
import { isOpen, type ModelJob, type QueueModel } from './queue-model.ts'

export interface End {
  status: Exclude<JobStatus, 'queued' | 'processing'>
  error?: string
  label?: string
  lost?: number
}

/** A job ends, once, and those that follow it with it; where it ends without a word of the model, one of them is run in its place. */
export function finish(model: QueueModel, job: ModelJob, end: End): void {
  job.status = end.status
  job.error = end.error
  job.label = end.label
  job.lost = end.lost ?? job.lost
  if (job.submission.job.watched) job.told++
  if (!job.followed) return
  if (end.status === 'canceled' || end.status === 'expired') {
    promote(model, job)
    return
  }
  for (const follower of liveFollowers(job))
    finish(model, follower, follower.deadlinePassed ? { status: 'expired' } : end)
  job.followers = []
}

/** The most urgent of those that follow a job is run with its input, and the others follow that one. */
export function promote(model: QueueModel, job: ModelJob): void {
  const waiting: ModelJob[] = []
  for (const follower of liveFollowers(job)) {
    if (follower.deadlinePassed) finish(model, follower, { status: 'expired' })
    else if (!job.hasInput) finish(model, follower, { status: 'failed', error: 'unreadable-input' })
    else waiting.push(follower)
  }
  const rank = ({ priority }: ModelJob) => PRIORITIES.indexOf(priority)
  const [chosen] = waiting.toSorted((a, b) => rank(a) - rank(b))
  if (chosen) runInstead(model, job, chosen, waiting)
  job.hasInput = false
  job.followers = []
}

function runInstead(model: QueueModel, job: ModelJob, chosen: ModelJob, waiting: readonly ModelJob[]): void {
  model.append(chosen)
  chosen.follows = undefined
  // What the job was suspected of, it is: its input is the same.
  chosen.alone = job.alone
  if (job.alone) chosen.lost = job.lost
  chosen.hasInput = true
  chosen.inputIsFor = new Set(waiting)
  const digest = chosen.submission.checks.cache?.digest
  if (digest !== undefined && model.cache.get(digest) === job) model.cache.set(digest, chosen)
  chosen.followers = waiting.filter((other) => other !== chosen)
  for (const other of chosen.followers) other.follows = chosen
  chosen.followed = chosen.followers.length > 0
}

function liveFollowers(job: ModelJob): ModelJob[] {
  return job.followers.filter((follower) => isOpen(follower) && follower.follows === job)
}

/** Ends a job for its caller; the status it has then, undefined if there is no such job. */
export function cancel(model: QueueModel, job: ModelJob): JobStatus | undefined {
  if (!job.exists) return undefined
  if (!isOpen(job)) return job.status
  if (job.entry) model.remove(job.entry)
  finish(model, job, { status: job.deadlinePassed ? 'expired' : 'canceled' })
  job.hasInput = false
  return job.status
}
