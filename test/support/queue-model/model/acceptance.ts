import { JOIN_WITHIN_MS } from '../../../../shared/job-lifetime.ts'
import { PRIORITIES, type Priority } from '../../../../shared/priority.ts'
import { promote } from './ends.ts'
import { bytesOf, isOpen, type ModelJob, type QueueModel, type Submission } from './queue-model.ts'

export interface Acceptance {
  outcome: 'queued' | 'exists' | 'replayed' | 'hit' | 'joined' | 'full' | 'idempotency-mismatch'
  job?: ModelJob
}

/** Accepts what a caller submits at Redis' time `now`, or says why not. */
export function enqueue(model: QueueModel, submission: Submission, now: number): Acceptance {
  const known = model.jobs.find(({ id, exists }) => exists && id === submission.job.id)
  if (known) return { outcome: 'exists', job: known }
  return replayed(model, submission) ?? fromCache(model, submission, now) ?? queued(model, submission)
}

function replayed(model: QueueModel, { checks }: Submission): Acceptance | undefined {
  const { digest = '', fingerprint } = checks.idempotency ?? {}
  const used = model.idempotency.get(digest)
  if (!used) return undefined
  if (used.fingerprint !== fingerprint) return { outcome: 'idempotency-mismatch' }
  return used.job.exists ? { outcome: 'replayed', job: used.job } : undefined
}

function fromCache(model: QueueModel, submission: Submission, now: number): Acceptance | undefined {
  const leader = model.cache.get(submission.checks.cache?.digest ?? '')
  if (!leader?.exists) return undefined
  if (leader.status === 'succeeded') {
    const job = write(model, submission)
    job.status = 'succeeded'
    job.label = leader.label
    return { outcome: 'hit', job }
  }
  if (!isOpen(leader) || !mayFollow(leader, submission, now)) return undefined
  const job = write(model, submission)
  job.follows = leader
  leader.followers.push(job)
  leader.followed = true
  leader.inputIsFor.add(job)
  return { outcome: 'joined', job }
}

/** Only a young leader is joined, by jobs that are no more urgent and end little later. */
function mayFollow(leader: ModelJob, { job }: Submission, now: number): boolean {
  const urgent = PRIORITIES.indexOf(leader.priority) <= PRIORITIES.indexOf(job.priority)
  const young = leader.createdAt + JOIN_WITHIN_MS >= now
  const inTime = now + (job.deadlineMs ?? 0) <= leader.deadline + JOIN_WITHIN_MS
  return !leader.follows && !leader.deadlinePassed && urgent && young && inTime
}

function queued(model: QueueModel, submission: Submission): Acceptance {
  const { priority } = submission.job
  const ahead = PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1)
  if (isFull(model, ahead, submission)) {
    for (const queue of [priority, ...ahead.slice(0, -1)]) dropDead(model, queue)
    if (isFull(model, ahead, submission)) return { outcome: 'full' }
  }
  const job = write(model, submission)
  model.append(job)
  job.hasInput = true
  job.inputIsFor = new Set([job])
  const digest = submission.checks.cache?.digest
  if (digest !== undefined) model.cache.set(digest, job)
  return { outcome: 'queued', job }
}

function isFull({ queues, settings }: QueueModel, ahead: readonly Priority[], { job }: Submission): boolean {
  const sum = (of: (queue: Priority) => number) => ahead.reduce((all, queue) => all + of(queue), 0)
  const jobs = sum((queue) => queues[queue].entries.length)
  const bytes = sum((queue) => estimatedBytes(queues[queue].entries))
  return jobs >= settings.maxBacklog || (jobs > 0 && bytes + job.payload.length > settings.maxBacklogBytes)
}

/** By the first and the last entry, as if those between them were as large as those that were there. */
function estimatedBytes(entries: QueueModel['entries']): number {
  const [first, last] = [entries[0], entries.at(-1)]
  if (!first || !last) return 0
  const bytes = last.sum - first.sum + bytesOf(first.job)
  return Math.ceil((bytes * entries.length) / (last.nth - first.nth + 1))
}

/** Entries whose deadlines have passed with no pool there to say so. */
function dropDead(model: QueueModel, queue: Priority): void {
  for (const entry of model.queues[queue].entries.filter(({ job }) => job.deadlinePassed)) {
    if (entry.job.exists && entry.job.followed) promote(model, entry.job)
    model.remove(entry)
  }
}

function write(model: QueueModel, submission: Submission): ModelJob {
  const { id, priority } = submission.job
  const job: ModelJob = {
    ...{ submission, id, priority, exists: true, status: 'queued', attempt: 0, lost: 0, alone: false },
    ...{ pool: undefined, entry: undefined, follows: undefined, followers: [], followed: false },
    ...{ createdAt: 0, deadline: 0, deadlinePassed: false, hasInput: false, inputIsFor: new Set() },
    ...{ error: undefined, label: undefined, told: 0 },
  }
  model.jobs.push(job)
  const { idempotency } = submission.checks
  if (idempotency) model.idempotency.set(idempotency.digest, { fingerprint: idempotency.fingerprint, job })
  return job
}
