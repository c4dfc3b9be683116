import type { HeldEntries } from './held-entries.ts'
import type { HandedOut, QueueReader, Quotas, Taken } from './job-queue.ts'
import type { GroupEntries, GroupReader } from './pool-redis-commands.ts'
import { PRIORITIES, type Priority } from './priority.ts'
import { RedisReplyError } from './redis-commands.ts'
import { QUEUE_GROUP } from './redis-keys.ts'

export interface RedisQueueReaderDeps {
  reader: GroupReader
  /** Key of the version's queue of that priority. */
  keyOf: (priority: Priority) => string
  consumer: string
  /** Of the pool: several readers may share a queue. */
  held: HeldEntries
  /** The queues are gone, as those that nobody used, or all of Redis is: makes them anew. */
  rejoin: () => Promise<void>
}

/** Takes from a version's queues, of all priorities at once. */
export class RedisQueueReader implements QueueReader {
  readonly #deps: RedisQueueReaderDeps
  readonly #request: { streams: readonly string[]; group: string; consumer: string }
  /** Handed out, and more than was asked for: given first. */
  #rest: HandedOut[] = []

  constructor(deps: RedisQueueReaderDeps) {
    this.#deps = deps
    this.#request = { streams: PRIORITIES.map(deps.keyOf), group: QUEUE_GROUP, consumer: deps.consumer }
  }

  get owed(): number {
    return this.#rest.length
  }

  take(max: number, blockMs: number): Promise<Taken> {
    return this.#take(max, () => this.#deps.reader.read({ ...this.#request, count: max, blockMs }))
  }

  takeByQuota(quotas: Quotas): Promise<Taken> {
    const perStream = PRIORITIES.map((priority) => quotas[priority])
    const max = perStream.reduce((sum, quota) => sum + quota, 0)
    return this.#take(max, () => this.#deps.reader.take({ ...this.#request, quotas: perStream }))
  }

  endWaiting(): Promise<void> {
    return this.#deps.reader.endWaiting()
  }

  close(): void {
    this.#deps.reader.close()
  }

  async #take(max: number, read: () => Promise<GroupEntries | undefined>): Promise<Taken> {
    const left = this.#hold(this.#rest.splice(0), max)
    if (left.length > 0) return { entries: left, isAll: false }
    try {
      const given = await read()
      const handedOut = given?.entries.map(({ stream, entry, job }) => ({
        ...{ entry, id: job, priority: PRIORITIES[stream] ?? 'normal' },
      }))
      const isAll = given !== undefined && !given.recovered && given.entries.length < max
      return { entries: this.#hold(handedOut ?? [], max), isAll }
    } catch (error) {
      if (!(error instanceof RedisReplyError) || !/^(NOGROUP|UNBLOCKED)/.test(error.message)) throw error
      await this.#deps.rejoin()
      return { entries: [], isAll: false }
    }
  }

  /** The first `max` of those that this pool does not hold already; it holds them now. What is more is the rest. */
  #hold(entries: readonly HandedOut[], max: number): HandedOut[] {
    const { held, keyOf } = this.#deps
    const fresh = entries.filter(({ entry, priority }) => !held.holds(keyOf(priority), entry))
    this.#rest.push(...fresh.slice(max))
    const taken = fresh.slice(0, max)
    for (const { entry, priority } of taken) held.hold(keyOf(priority), entry)
    return taken
  }
}
