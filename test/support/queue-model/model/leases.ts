import { PRIORITIES, type Priority } from '../../../../shared/priority.ts'
import { finish } from './ends.ts'
import { type ModelClaim, own, type PoolModel } from './pool-model.ts'
import { isOpen, type ModelEntry, type ModelJob, type QueueModel } from './queue-model.ts'

/** What is to be run again, or not: alone, as it was, or never. */
export interface ModelTaken {
  entries: ModelEntry[]
  lone: ModelEntry[]
  dead: ModelJob[]
}

/** An attempt has come to nothing: false if it was the last. */
function loseAttempt(model: QueueModel, job: ModelJob): boolean {
  const lost = job.lost + 1
  if (lost < model.settings.maxAttempts) {
    job.lost = lost
    job.status = 'queued'
    job.alone = true
    return true
  }
  model.letters.push(job)
  finish(model, job, { status: 'failed', error: 'attempts-exhausted', lost })
  return false
}

export function retry(model: QueueModel, pool: PoolModel, claims: readonly ModelClaim[]): ModelTaken {
  const taken: ModelTaken = { entries: [], lone: [], dead: [] }
  for (const { job, entry, attempt } of claims) {
    const isOwn = job.exists && job.status === 'processing' && job.attempt === attempt
    if (isOwn && !job.deadlinePassed && loseAttempt(model, job)) {
      taken.lone.push(entry)
      continue
    }
    if (isOwn && job.deadlinePassed) finish(model, job, { status: 'expired' })
    else if (isOwn) taken.dead.push(job)
    if (isOwn || !job.exists) model.end(entry)
    pool.held.delete(entry)
  }
  model.removeEnded()
  return taken
}

/** Begins the leases of what a pool holds anew, where it still is its own. */
export function renew(model: QueueModel, pool: PoolModel): void {
  for (const entry of model.entries)
    if (pool.held.has(entry) && entry.owner === pool.name) entry.lapsed = false
}

/** A pool takes over at most `max` entries of each queue whose leases have run out. */
export function takeOver(model: QueueModel, pool: PoolModel, max: number): ModelTaken {
  const taken: ModelTaken = { entries: [], lone: [], dead: [] }
  const found = PRIORITIES.flatMap((priority) => lapsedEntries(model, pool, priority, max))
  for (const entry of found) {
    own(entry, pool)
    const fate = fateOf(model, entry)
    if (fate === 'dead') taken.dead.push(entry.job)
    else if (fate) taken[fate].push(entry)
    if (fate === 'entries' || fate === 'lone') {
      pool.held.add(entry)
      entry.job.pool = pool.name
    } else model.end(entry)
  }
  model.removeEnded()
  return taken
}

/** As XAUTOCLAIM looks for them: at ten times `max` entries at most, from where it stopped the last time. */
function lapsedEntries(model: QueueModel, pool: PoolModel, queue: Priority, max: number): ModelEntry[] {
  const pending = model.queues[queue].entries.filter(
    ({ owner, order }) => owner !== undefined && order >= pool.cursors[queue],
  )
  const found: ModelEntry[] = []
  let at = 0
  for (; at < Math.min(pending.length, 10 * max) && found.length < max; at++)
    if (pending[at]?.lapsed) found.push(pending[at] as ModelEntry)
  pool.cursors[queue] = pending[at]?.order ?? 0
  return found
}

function fateOf(model: QueueModel, entry: ModelEntry): keyof ModelTaken | undefined {
  const { job } = entry
  if (!isOpen(job) || job.entry !== entry) return undefined
  if (job.deadlinePassed) {
    finish(model, job, { status: 'expired' })
    return undefined
  }
  if (job.status === 'processing') return loseAttempt(model, job) ? 'lone' : 'dead'
  return job.alone ? 'lone' : 'entries'
}
