import assert from 'node:assert/strict'
import type { EnqueueChecks, EnqueueResult } from '../../../../shared/job-queue.ts'
import type { Priority } from '../../../../shared/priority.ts'
import type { Webhook } from '../../../../shared/webhook.ts'
import { newTestJob } from '../../queue.ts'
import type { History } from '../history.ts'
import { enqueue } from '../model/acceptance.ts'
import { cancel } from '../model/ends.ts'
import { isOpen, type ModelJob, type Submission } from '../model/queue-model.ts'

/** What is asked for, as far as it matters to the queue. */
export interface Asked {
  priority: Priority
  deadlineMs: number
  /** Which of the photos that several callers send; undefined: one of its own. */
  photo: number | undefined
  /** Its result may be another's. */
  mayShare: boolean
  idempotencyKey: number | undefined
  watched: boolean
  hasWebhook: boolean
}

const KEPT_MS = 3_600_000
const WEBHOOK: Webhook = {
  url: 'https://receiver.example/',
  events: ['succeeded'],
  origin: 'https://edge.example',
}

/** A caller asks for a photo's result. */
export async function submit(history: History, asked: Asked, answerLost: boolean): Promise<void> {
  const { submissions } = history
  const photo = asked.photo === undefined ? ownPhoto(submissions.length) : `shared-${asked.photo}`
  const digest = `${asked.photo}`
  const checks: EnqueueChecks = {
    ...(asked.mayShare && asked.photo !== undefined && { cache: { digest, ttlMs: KEPT_MS } }),
    ...(asked.idempotencyKey !== undefined && {
      idempotency: { digest: `key-${asked.idempotencyKey}`, fingerprint: digest, ttlMs: KEPT_MS },
    }),
  }
  const { priority, deadlineMs, watched } = asked
  const webhook = asked.hasWebhook ? WEBHOOK : undefined
  const job = { ...newTestJob({ deadlineMs, watched, webhook }), payload: photo, priority }
  submissions.push({ job, checks })
  await submitAgain(history, { job, checks }, answerLost)
}

/** Of sizes that differ, so that sums of bytes tell which they are of. */
function ownPhoto(i: number): string {
  return `own-${i}`.padEnd(20 + ((i * 37) % 60), '.')
}

/** The same call, perhaps once more. */
export async function submitAgain(
  history: History,
  submission: Submission,
  answerLost: boolean,
): Promise<void> {
  const { edge, model, snapshot } = history
  edge.redis.losesAnswer = answerLost
  const real = await edge.producer.enqueue(submission.job, submission.checks)
  const now = acceptedAt(real) ?? snapshot?.now ?? 0
  if (answerLost) enqueue(model, submission, now)
  const expected = enqueue(model, submission, now)
  const job = 'job' in real ? real.job : undefined
  assert.deepEqual(
    { outcome: real.outcome, id: job?.id, status: job?.status },
    { outcome: expected.outcome, id: expected.job?.id, status: expected.job && shownStatus(expected.job) },
    'what a submission is answered with',
  )
  history.saw(`enqueue: ${real.outcome}`)
}

function acceptedAt(result: EnqueueResult): number | undefined {
  return result.outcome === 'queued' || result.outcome === 'joined' ? result.job.created_at : undefined
}

export async function cancelJob(history: History, job: ModelJob, answerLost: boolean): Promise<void> {
  const { edge, model, facts } = history
  const read = await edge.producer.read(job.id)
  edge.redis.losesAnswer = answerLost && read !== undefined
  if (isOpen(job)) facts.canceled.add(job.id)
  if (job.followers.length > 0 && isOpen(job)) history.saw('cancel: of a job that is followed')
  const real = read && (await edge.producer.cancel(read))
  assert.equal(real, cancel(model, job), 'what canceling is answered with')
  history.saw(`cancel: ${real ?? 'gone'}`)
}

/** What a caller sees of a job that he looks at. */
export async function readJob(history: History, job: ModelJob): Promise<void> {
  const real = await history.edge.producer.read(job.id)
  assert.equal(real?.status, job.exists ? shownStatus(job) : undefined, 'the status that is shown')
}

function shownStatus(job: ModelJob): string {
  return isOpen(job) && job.deadlinePassed ? 'expired' : job.status
}
