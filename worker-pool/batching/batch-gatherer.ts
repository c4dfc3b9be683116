import type { Clock } from '../../shared/clock.ts'
import type { HandedOut, QueueReader, Taken } from '../../shared/job-queue.ts'
import type { ExclusiveTurn } from '../leases/exclusive-turn.ts'
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
  turn: Pick<ExclusiveTurn, 'open' | 'enter'>
  /** Aborts when nothing more is to be claimed, whatever was handed out. */
  over: AbortSignal
  /** Brings entries into a batch. Never rejects. */
  load: (batch: Batch, entries: readonly HandedOut[]) => Promise<void>
  /** How long, in ms, taking more jobs can wait while all instances are at work. */
  untilWorthTaking: () => number
  /** Resolves when all that is claimed has ended, by whatever way it came. */
  whenNothingIsHeld: () => Promise<unknown>
  /** Whether nothing is left in the queue, nor held by anybody; may wait before it says no. */
  isQueueDone: () => Promise<boolean>
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
  readonly #stopping = new AbortController()
  #onlyWhatIsThere = false
  #emptied = false
  /** A take that is under way. It outlives the batch it was begun for, if an instance becomes free meanwhile. */
  #taking: Promise<Taken> | undefined

  constructor(deps: BatchGathererDeps) {
    this.#deps = deps
  }

  /** Handed out, and not to be claimed any more. */
  readonly unclaimed: HandedOut[] = []

  /** Resolves after `stop`, or after `finishQueue` once the queue is done; all that was claimed has ended then. */
  async run(): Promise<void> {
    const { ready, whenNothingIsHeld, isQueueDone } = this.#deps
    do {
      this.#emptied = false
      await this.#gatherAll()
      await whenNothingIsHeld()
    } while (!this.#stopping.signal.aborted && !(await isQueueDone()))
    ready.end()
  }

  /** Takes no more entries. What was handed out already is still served. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#deps.reader.endWaiting()
  }

  /** Goes on until the queue is done, then stops. */
  async finishQueue(): Promise<void> {
    this.#onlyWhatIsThere = true
    await this.#deps.reader.endWaiting()
  }

  async #gatherAll(): Promise<void> {
    const { ready, newBatch, drop } = this.#deps
    while (!this.#isEnding || this.#taking || this.#deps.reader.owed > 0) {
      const batch = await newBatch()
      if (await this.#gather(batch)) ready.push(batch)
      else drop(batch)
    }
  }

  get #isEnding(): boolean {
    return this.#emptied || this.#stopping.signal.aborted
  }

  /** Fills `batch` until it is to be run. False if it stays empty since there is nothing more to come. */
  async #gather(batch: Batch): Promise<boolean> {
    const { ready, elapsed, load, reader, turn, over } = this.#deps
    for (;;) {
      const limits = this.#deps.limits()
      const free = ready.consumersWaiting > ready.length
      const wait =
        free && batch.size > 0 ? waitForMore(batch.size, elapsed() - batch.takenAt, limits) : Infinity
      if (batch.size >= limits.maxBatchSize || wait <= 0) return true
      if (this.#isEnding && !this.#taking && reader.owed === 0) return batch.size > 0
      const takesAll = this.#onlyWhatIsThere && !this.#taking
      const taken = await this.#nextEntries(batch, free, wait)
      if (!taken) continue
      const { entries, isAll } = taken
      if (takesAll && isAll) this.#emptied = true
      if (entries.length === 0) continue
      if (batch.size === 0) batch.takenAt = elapsed()
      const holdsJobs = batch.size > 0
      if (over.aborted || !(await turn.enter({ holdsJobs, signal: over }))) {
        this.unclaimed.push(...entries)
        return holdsJobs
      }
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
    this.#taking ??= this.#take(nextSize(batch.size, this.#deps.limits()) - batch.size, batch.size > 0)
    const taking = this.#taking
    const taken = await (!free
      ? this.#orWhenFree(() => taking)
      : batch.size > 0
        ? this.#orAfter(waitMs, taking)
        : taking)
    if (taken) this.#taking = undefined
    return taken
  }

  async #take(max: number, holdsJobs: boolean): Promise<Taken> {
    const { reader, untilGranted, turn } = this.#deps
    const stopping = this.#stopping.signal
    if (!holdsJobs) await turn.open(stopping)
    const blockMs = this.#onlyWhatIsThere ? 0 : LONGEST_WAIT_MS
    return untilGranted('take', async () =>
      stopping.aborted && reader.owed === 0 ? { entries: [], isAll: false } : reader.take(max, blockMs),
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
