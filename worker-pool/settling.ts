import type { ClaimedJob, HandedOut, JobConsumer, LoneEntry, QueueName } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import type { Batch } from './batching/batch.ts'
import type { ExclusiveTurn } from './leases/exclusive-turn.ts'
import type { PoolObserver, SettledBatch, SettledJob } from './observe/pool-observer.ts'
import type { UntilGranted } from './redis/until-granted.ts'
import type { Settlement } from './run-results.ts'

export interface SettlingDeps {
  consumer: Pick<JobConsumer, 'claim' | 'settle' | 'release' | 'leases'>
  turn: Pick<ExclusiveTurn, 'add' | 'left'>
  observer: PoolObserver
  /** Is told of batches as well. */
  settled: (batch: SettledBatch) => void
  untilGranted: UntilGranted
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

export interface FinishedBatch {
  batch: Batch
  instance: number
  bucket: number
  executions: number
  inferBegin: number
  inferEnd: number
}

/** Settlements on their way to Redis at the same time; whoever has more waits. */
const MOST_UNDER_WAY = 2

/** Ends one version's jobs in Redis, while the next batches run, and knows which this pool still owes. */
export class Settling {
  readonly #manifest: ModelManifest
  readonly #queue: QueueName
  readonly #deps: SettlingDeps
  readonly #held = new Set<ClaimedJob>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #watchers: (() => void)[] = []

  constructor(manifest: ModelManifest, deps: SettlingDeps) {
    this.#manifest = manifest
    this.#queue = { model: manifest.name, version: manifest.version }
    this.#deps = deps
  }

  /** From now on these jobs are owed an end. */
  claimed(jobs: readonly ClaimedJob[]): void {
    for (const job of jobs) this.#held.add(job)
    this.#deps.turn.add(jobs.length)
    this.#tellPending()
  }

  /** Resolves as soon as there is room for more; what Redis refuses is kept and offered again. */
  async settle(settlements: readonly Settlement[], finished: FinishedBatch): Promise<void> {
    const { batch, instance, bucket, executions, inferBegin, inferEnd } = finished
    await this.#whenUnderWay(MOST_UNDER_WAY - 1)
    this.#start(settlements, (jobs, settledAt) => {
      const { takenAt, claimedAt, fetchedAt } = batch
      const settled = {
        ...{ manifest: this.#manifest, instance, bucket, executions, jobs, size: batch.size },
        times: { takenAt, claimedAt, fetchedAt, inferBegin, inferEnd, settledAt },
      }
      this.#deps.settled(settled)
      this.#deps.observer.batchSettled(settled)
    })
  }

  /** Ends jobs that never came to be run, or to the end of one. */
  fail(failures: readonly Settlement[], { claimedAt }: Batch): void {
    this.#start(failures, (jobs, settledAt) => {
      this.#deps.observer.jobsFailed(this.#manifest, jobs, { claimedAt, settledAt })
    })
  }

  /** Puts entries that are not claimed, and are not to be run here, back into their queue. Never rejects. */
  async putBack(entries: readonly HandedOut[]): Promise<void> {
    const { consumer, untilGranted, observer } = this.#deps
    const claims = await untilGranted('claim', () => consumer.claim(this.#queue, entries, { alone: true }))
    const jobs = claims.jobs.filter((job) => job !== undefined)
    await untilGranted('release', () => consumer.release(this.#queue, jobs))
    observer.jobsReleased(this.#manifest, jobs.length)
  }

  /** The thread that ran them has ended with them: resolves to those that are to be tried again. */
  async lose(jobs: readonly ClaimedJob[]): Promise<LoneEntry[]> {
    const { consumer, untilGranted, observer } = this.#deps
    const reason = 'instance-lost'
    const { lone, dead } = await untilGranted('retry', () => consumer.leases.retry(this.#queue, jobs, reason))
    this.#release(jobs)
    observer.attemptsLost(this.#manifest, { reason, retried: lone.length, dead })
    return lone
  }

  /** Resolves when no claimed job is held any more. */
  async untilNothingIsHeld(): Promise<void> {
    while (this.#held.size > 0) await new Promise<void>((resolve) => this.#watchers.push(resolve))
  }

  /** Resolves when all that was handed over is settled. */
  async settled(): Promise<void> {
    await this.#whenUnderWay(0)
  }

  /** Gives back what is claimed and not settled, run or not. */
  async giveBack(): Promise<void> {
    const jobs = [...this.#held]
    if (jobs.length === 0) return
    const outcomes = await this.#deps.consumer.release(this.#queue, jobs)
    this.#release(jobs)
    const released = outcomes.filter((outcome) => outcome === 'queued').length
    this.#deps.observer.jobsReleased(this.#manifest, released)
  }

  #start(settlements: readonly Settlement[], told: (jobs: SettledJob[], settledAt: number) => void): void {
    const work = this.#settleNow(settlements, told)
    this.#underWay.add(work)
    work.finally(() => this.#underWay.delete(work))
  }

  async #settleNow(
    settlements: readonly Settlement[],
    told: (jobs: SettledJob[], settledAt: number) => void,
  ): Promise<void> {
    const { consumer, untilGranted, elapsed } = this.#deps
    const outcomes = await untilGranted('settle', () => consumer.settle(this.#queue, settlements))
    this.#release(settlements.map(({ job }) => job))
    const jobs = settlements.map(({ job, result, reason }, i): SettledJob => {
      const failure = result.status === 'failed' ? result.code : undefined
      return { job, failure, reason, outcome: outcomes[i] ?? 'gone' }
    })
    told(jobs, elapsed())
  }

  async #whenUnderWay(most: number): Promise<void> {
    while (this.#underWay.size > most) await Promise.race(this.#underWay)
  }

  #release(jobs: readonly ClaimedJob[]): void {
    const held = jobs.filter((job) => this.#held.delete(job))
    this.#deps.turn.left(held.length)
    for (const watcher of this.#watchers.splice(0)) watcher()
    this.#tellPending()
  }

  #tellPending(): void {
    this.#deps.observer.pendingChanged(this.#manifest, this.#held.size)
  }
}
