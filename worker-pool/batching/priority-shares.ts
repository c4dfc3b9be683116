import type { Quotas } from '../../shared/job-queue.ts'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'

/**
 * Who is served when. Jobs of a version wait in three queues. Of every 21 turns, 16 are the high queue's, 4 the normal one's and 1 the low
 * one's, spread evenly. A turn that its queue has no job for goes to the most urgent queue that has one. So each queue gets its share for
 * as long as it has jobs, however many wait in the others, and none of what a pool can do is left idle.
 */
export const PRIORITY_SHARES: Readonly<Record<Priority, number>> = { high: 16, normal: 4, low: 1 }

const TURNS = spreadEvenly()

/** Whose turn it is. */
export class PriorityShares {
  #next = 0

  /** Of the next `count` jobs, how many each queue may give. Their sum is `count`. */
  quotas(count: number): Quotas {
    const quotas = { high: 0, normal: 0, low: 0 }
    for (let i = 0; i < count; i++) quotas[TURNS[(this.#next + i) % TURNS.length] as Priority]++
    return quotas
  }

  /** So many were given: their turns are over, whoever used them. */
  given(count: number): void {
    this.#next = (this.#next + count) % TURNS.length
  }
}

/** A turn goes to the queue that is furthest behind its share; each is paid for with all the shares of that turn. */
function spreadEvenly(): Priority[] {
  const all = PRIORITIES.reduce((sum, priority) => sum + PRIORITY_SHARES[priority], 0)
  const due = { high: 0, normal: 0, low: 0 }
  return Array.from({ length: all }, () => {
    for (const priority of PRIORITIES) due[priority] += PRIORITY_SHARES[priority]
    const first = PRIORITIES.reduce((a, b) => (due[b] > due[a] ? b : a))
    due[first] -= all
    return first
  })
}
