import type { Clock } from '../../shared/clock.ts'
import type { HandedOut, QueueReader, Taken } from '../../shared/job-queue.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import type { UntilGranted } from '../redis/until-granted.ts'
import type { Batch } from './batch.ts'
import type { BatchQueue } from './batch-queue.ts'
import { type BatchingLimits, nextSize, waitForMore } from './batching-policy.ts'

export interface BatchGathererDeps {
  reader: Pick<QueueReader, 'take' | 'owed' | 'endWaiting'>
  /** Where closed batches go. */
  ready: BatchQueue<Batch>
  /** As they are now: they may be steered. */
  limits: () => BatchingLimits
  /** An empty batch; waits while there is no memory for one. */
  newBatch: () => Promise<Batch>
  /** Frees a batch that stayed empty. */
  drop: (batch: Batch) => void
  /** Waits until jobs may be claimed for the batch; `load` follows. */
  enter: (batch: Batch) => Promise<void>
  /** Brings entries into a batch. Never rejects. */
  load: (batch: Batch, entries: readonly HandedOut[]) => Promise<void>
  /** How long, in ms, taking more jobs can wait while all instances are at work. */
  untilWorthTaking: () => number
  /** Resolves when nothing more comes to `ready` by other ways: it is ended then. */
  beforeEnd: () => Promise<unknown>
  untilGranted: UntilGranted
  clock: Clock
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/**
 * Gathers batches from a queue. One is closed when it is full, or when an instance is free and the batching policy would not wait; so
 * a free instance takes at once what is there, and batches fill while all are busy.
 */
export class BatchGatherer {
  readonly #deps: BatchGathererDeps
  #stopping = false
  #onlyWhatIsThere = false
  /** A take that is under way. It outlives the batch it was begun for, if an instance becomes free meanwhile. */
  #taking: Promise<Taken> | undefined

  constructor(deps: BatchGathererDeps) {
    this.#deps = deps
  }

  /** Resolves after `stop`, or after `finishQueue` once the queue is empty; all that was taken has then been loaded. */
  async run(): Promise<void> {
    const { ready, newBatch, drop } = this.#deps
    while (!this.#stopping || this.#taking || this.#deps.reader.owed > 0) {
      const batch = await newBatch()
      if (await this.#gather(batch)) ready.push(batch)
      else drop(batch)
    }
    await this.#deps.beforeEnd()
    ready.end()
  }

  /** Takes no more entries. What was handed out already is still served. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#deps.reader.endWaiting()
  }

  /** Goes on until the queue is empty, then stops. */
  async finishQueue(): Promise<void> {
    this.#onlyWhatIsThere = true
    await this.#deps.reader.endWaiting()
  }

  /** Fills `batch` until it is to be run. False if it stays empty since there is nothing more to come. */
  async #gather(batch: Batch): Promise<boolean> {
    const { ready, elapsed, load, reader } = this.#deps
    for (;;) {
      const limits = this.#deps.limits()
      const free = ready.consumersWaiting > ready.length
      const wait =
        free && batch.size > 0 ? waitForMore(batch.size, elapsed() - batch.takenAt, limits) : Infinity
      if (batch.size >= limits.maxBatchSize || wait <= 0) return true
      if (this.#stopping && !this.#taking && reader.owed === 0) return batch.size > 0
      const takesAll = this.#onlyWhatIsThere && !this.#taking
      const taken = await this.#nextEntries(batch, free, wait)
      if (!taken) continue
      const { entries, isAll } = taken
      if (takesAll && isAll) this.#stopping = true
      if (entries.length === 0) continue
      if (batch.size === 0) batch.takenAt = elapsed()
      await this.#deps.enter(batch)
      const full = batch.size + entries.length >= limits.maxBatchSize
      const loading = load(batch, entries)
      // Full unless some fail: the next batch can be taken while this one is loaded.
      batch.loading = loading
      if (full) return true
      await loading
    }
  }

  /**
   * The next entries of the queue; undefined if something else came first: an instance became free, the batch's delay is over, or more
   * should not be taken yet.
   */
  async #nextEntries(batch: Batch, free: boolean, waitMs: number): Promise<Taken | undefined> {
    const { clock, untilWorthTaking } = this.#deps
    const pause = this.#taking || free ? 0 : untilWorthTaking()
    if (pause > 0) return this.#orWhenFree((signal) => clock.sleep(pause, signal).then(() => undefined))
    this.#taking ??= this.#take(nextSize(batch.size, this.#deps.limits()) - batch.size)
    const taking = this.#taking
    const taken = await (!free
      ? this.#orWhenFree(() => taking)
      : batch.size > 0
        ? this.#orAfter(waitMs, taking)
        : taking)
    if (taken) this.#taking = undefined
    return taken
  }

  #take(max: number): Promise<Taken> {
    const { reader, untilGranted } = this.#deps
    const blockMs = this.#onlyWhatIsThere ? 0 : LONGEST_WAIT_MS
    return untilGranted('take', async () =>
      this.#stopping && reader.owed === 0 ? { entries: [], isAll: false } : reader.take(max, blockMs),
    )
  }

  async #orAfter<T>(ms: number, other: Promise<T>): Promise<T | undefined> {
    const stop = new AbortController()
    try {
      return await Promise.race([other, this.#deps.clock.sleep(ms, stop.signal).then(() => undefined)])
    } finally {
      stop.abort()
    }
  }

  async #orWhenFree<T>(other: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const stop = new AbortController()
    const free = this.#deps.ready.whenConsumerWaits(stop.signal).then(() => undefined)
    try {
      return await Promise.race([other(stop.signal), free])
    } finally {
      stop.abort()
    }
  }
}
