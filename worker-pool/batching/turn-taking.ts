import type { QueueReader, Taken } from '../../shared/job-queue.ts'
import { PriorityShares } from './priority-shares.ts'

/**
 * Takes from a version's queues by their shares, in one round trip while there are jobs; where the last take emptied them, it waits for
 * whatever comes first. So a pool that has nothing to do says one word to Redis for each wait.
 */
export class TurnTaking implements Pick<QueueReader, 'take' | 'owed' | 'endWaiting'> {
  readonly #reader: QueueReader
  readonly #shares = new PriorityShares()
  #emptied = false

  constructor(reader: QueueReader) {
    this.#reader = reader
  }

  get owed(): number {
    return this.#reader.owed
  }

  /** May come back at once with nothing, before it waits. */
  async take(max: number, blockMs: number): Promise<Taken> {
    const wait = this.#emptied || this.owed > 0
    const taken = await (wait
      ? this.#reader.take(max, blockMs)
      : this.#reader.takeByQuota(this.#shares.quotas(max)))
    if (!wait) this.#shares.given(taken.entries.length)
    this.#emptied = taken.isAll
    return taken
  }

  endWaiting(): Promise<void> {
    return this.#reader.endWaiting()
  }
}
