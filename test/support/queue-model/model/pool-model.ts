import type { ClaimedJob, Quotas } from '../../../../shared/job-queue.ts'
import { PRIORITIES, type Priority } from '../../../../shared/priority.ts'
import type { ModelEntry, ModelJob, QueueModel } from './queue-model.ts'

/** A job that a pool has claimed, and what it has made of it. */
export interface ModelClaim {
  job: ModelJob
  entry: ModelEntry
  attempt: number
  real: ClaimedJob
  /** What it found for an input; undefined: nothing. */
  photo: string | undefined
}

/** What a pool knows. */
export class PoolModel {
  readonly name: string
  /** As its consumer counts: what it renews. */
  readonly held = new Set<ModelEntry>()
  /** Handed out and more than was asked for. */
  rest: ModelEntry[] = []
  /** Handed out, and not yet claimed. */
  handed: ModelEntry[] = []
  /** To be claimed alone. */
  lone: ModelEntry[] = []
  claims: ModelClaim[] = []
  /** What it has told an end of, and tells again. */
  past: ModelClaim[] = []
  /** Redis may have handed it what never arrived. */
  mayHaveLost = false
  /** Where it goes on looking for leases that have run out: at which entry's order. */
  readonly cursors: Record<Priority, number> = { high: 0, normal: 0, low: 0 }

  constructor(name: string) {
    this.name = name
  }

  /** The first `max` of those that it does not hold; it holds them now. What is more is the rest. */
  hold(entries: readonly ModelEntry[], max: number): ModelEntry[] {
    const fresh = entries.filter((entry) => !this.held.has(entry))
    this.rest.push(...fresh.slice(max))
    const taken = fresh.slice(0, max)
    for (const entry of taken) this.held.add(entry)
    return taken
  }
}

export interface Taking {
  max: number
  /** By the take script, of each queue so many; else by XREADGROUP. */
  quotas?: Quotas
  /** What Redis answers never arrives. */
  lost: boolean
}

/** What a pool gets that asks for jobs. */
export function take(model: QueueModel, pool: PoolModel, { max, quotas, lost }: Taking): ModelEntry[] {
  const owed = pool.hold(pool.rest.splice(0), max)
  if (owed.length > 0) return owed
  const recovers = pool.mayHaveLost
  pool.mayHaveLost = false
  const queues = PRIORITIES.map((priority) => model.queues[priority])
  if (!queues.every(({ hasGroup }) => hasGroup)) {
    pool.mayHaveLost = quotas !== undefined && !recovers
    for (const queue of queues) queue.hasGroup = true
    return []
  }
  const pending = recovers ? model.entries.filter(({ owner }) => owner === pool.name) : []
  const given = pending.length > 0 ? pending : newEntries(model, max, quotas)
  for (const entry of given) own(entry, pool)
  if (!lost) return pool.hold(given, max)
  pool.mayHaveLost = true
  return []
}

/** Of each queue its quota; what quotas leave goes to the most urgent that has more. Without quotas, `max` of each. */
function newEntries(model: QueueModel, max: number, quotas: Quotas | undefined): ModelEntry[] {
  const waiting = PRIORITIES.map((priority) =>
    model.queues[priority].entries.filter(({ owner }) => owner === undefined),
  )
  const own = PRIORITIES.map((priority, i) => Math.min(waiting[i]?.length ?? 0, quotas?.[priority] ?? max))
  let left = quotas ? max - own.reduce((sum, count) => sum + count, 0) : 0
  return waiting.flatMap((entries, i) => {
    const count = own[i] ?? 0
    const more = Math.min(left, entries.length - count)
    left -= more
    return entries.slice(0, count + more)
  })
}

export function own(entry: ModelEntry, { name }: PoolModel): void {
  entry.owner = name
  entry.lapsed = false
}
