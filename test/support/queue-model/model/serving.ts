import type { ReleaseOutcome, SettleOutcome } from '../../../../shared/job-queue.ts'
import { type End, finish } from './ends.ts'
import type { ModelClaim, PoolModel } from './pool-model.ts'
import { isOpen, type ModelEntry, type QueueModel } from './queue-model.ts'

/** What becomes of an entry that a pool would claim: its attempt number, or that it is to be run alone, or nothing. */
export type ClaimOutcome = number | 'lone' | undefined

export function claim(
  model: QueueModel,
  pool: PoolModel,
  entries: readonly ModelEntry[],
  alone: boolean,
): ClaimOutcome[] {
  const outcomes = entries.map((entry) => {
    const outcome = claimOne(model, pool, entry, alone)
    if (outcome === undefined) pool.held.delete(entry)
    return outcome
  })
  model.removeEnded()
  return outcomes
}

function claimOne(model: QueueModel, pool: PoolModel, entry: ModelEntry, alone: boolean): ClaimOutcome {
  const { job } = entry
  if (!isOpen(job) || job.entry !== entry) {
    model.end(entry)
    return undefined
  }
  // Another has taken it over.
  if (job.pool !== undefined && job.pool !== pool.name) return undefined
  if (job.deadlinePassed) {
    finish(model, job, { status: 'expired' })
    model.end(entry)
    return undefined
  }
  if (job.alone && !alone) return 'lone'
  job.status = 'processing'
  job.attempt++
  job.pool = pool.name
  return job.attempt
}

export function settle(
  model: QueueModel,
  pool: PoolModel,
  settlements: readonly { claim: ModelClaim; end: End }[],
): SettleOutcome[] {
  const outcomes = settlements.map(({ claim, end }) => {
    pool.held.delete(claim.entry)
    return settleOne(model, claim, end)
  })
  model.removeEnded()
  return outcomes
}

function settleOne(model: QueueModel, { job, entry, attempt }: ModelClaim, end: End): SettleOutcome {
  if (!job.exists) {
    model.end(entry)
    job.hasInput = false
    return 'gone'
  }
  if (job.status === 'canceled') return 'canceled'
  // The attempt is over that was the last; what it was to be run with is kept for a retry by hand.
  if (job.attempt !== attempt || job.status === 'queued' || model.letters.includes(job)) return 'stale'
  if (job.status === 'processing') finish(model, job, job.deadlinePassed ? { status: 'expired' } : end)
  model.end(entry)
  job.hasInput = false
  return job.status as SettleOutcome
}

export function release(model: QueueModel, pool: PoolModel, claims: readonly ModelClaim[]): ReleaseOutcome[] {
  return claims.map(({ job, entry, attempt }) => {
    pool.held.delete(entry)
    if (job.exists && (job.status !== 'processing' || job.attempt !== attempt)) return 'stale'
    model.remove(entry)
    if (!job.exists) return 'gone'
    model.append(job)
    job.status = 'queued'
    job.pool = undefined
    return 'queued'
  })
}
