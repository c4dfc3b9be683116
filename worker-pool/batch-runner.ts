import type { Logger } from 'pino'
import type { ClaimedJob, LoneEntry } from '../shared/job-queue.ts'
import type { Batch } from './batching/batch.ts'
import type { BatchQueue } from './batching/batch-queue.ts'
import { bucketFor } from './batching/buckets.ts'
import type { SteeredLimits } from './batching/steered-limits.ts'
import type { InstanceTask } from './inference/instance-messages.ts'
import type { BatchEnd, Instances } from './inference/instances.ts'
import type { RunDurations } from './run-durations.ts'
import { settlementsOf } from './run-results.ts'
import type { Settling } from './settling.ts'

export interface BatchRunnerDeps {
  task: InstanceTask
  instances: Instances
  /** Where batches come from. */
  ready: BatchQueue<Batch>
  settling: Settling
  limits: SteeredLimits
  times: RunDurations
  /** Its memory is no longer needed. */
  done: (batch: Batch) => void
  /** These are to be tried again. */
  lost: (lone: readonly LoneEntry[]) => void
  log: Logger
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/**
 * Runs one version's batches on its instances and hands what comes of them to be settled. Each instance is given its next batch while it
 * runs one, so that it never waits for the pool's thread.
 */
export class BatchRunner {
  readonly #deps: BatchRunnerDeps
  readonly #broken = Promise.withResolvers<never>()
  readonly #finished: Promise<unknown>

  constructor(deps: BatchRunnerDeps) {
    this.#deps = deps
    const served = Array.from({ length: deps.instances.count }, (_, i) => this.#serve(i))
    this.#finished = Promise.race([Promise.all(served), this.#broken.promise])
  }

  /** Resolves when there are no more batches, all are settled and all sessions closed. Rejects if an instance was lost and could not be started again. */
  get finished(): Promise<unknown> {
    return this.#finished
  }

  /** How long taking jobs for a further batch can wait, in ms. */
  untilWorthTaking(): number {
    const { instances, times, ready } = this.#deps
    const waits = instances
      .work()
      .map(({ batches, sinceMs }) => times.untilWorthTaking(sinceMs, batches + ready.length))
    return Math.min(...waits)
  }

  /** How long the longest run that is under way has taken so far, in ms. */
  stuckFor(): number {
    return Math.max(...this.#deps.instances.work().map(({ sinceMs }) => sinceMs))
  }

  /** One instance's life: batch after batch, until there are no more. */
  async #serve(i: number): Promise<void> {
    const { ready, times, settling, instances, done, elapsed } = this.#deps
    let run: Promise<void> | undefined
    let finished: Promise<void> | undefined
    for (;;) {
      const batch = (run && (await ready.nextDuring(run))) ?? (await ready.next())
      if (!batch) break
      await batch.loading
      // Who may expire behind the run that is under way is looked at again when that is over.
      if (run && batch.untilDeadline(elapsed()) < times.longRunMs) await run
      this.#failExpired(batch)
      if (batch.size === 0) {
        done(batch)
        continue
      }
      const ended = instances.run(i, batch.memory, batch.size)
      run = ended.then(ignore, ignore)
      await finished
      finished = this.#finish(i, batch, ended).catch((error: Error) => this.#broken.reject(error))
    }
    await finished
    await settling.settled()
    await instances.close(i)
  }

  /** Jobs that nobody waits for any more never reach the model. */
  #failExpired(batch: Batch): void {
    const expired = batch.takeExpired(this.#deps.elapsed())
    if (expired.length === 0) return
    const failures = expired.map((job) => ({
      job,
      result: { status: 'failed', code: 'job-expired' } as const,
    }))
    this.#deps.settling.fail(failures, batch)
  }

  /** Resolves when the batch's jobs are on their way to be settled. Rejects if its instance was lost and no other can be started. */
  async #finish(i: number, batch: Batch, ended: Promise<BatchEnd>): Promise<void> {
    const { task, settling, times, instances, done, elapsed } = this.#deps
    const { jobs, size } = batch
    const bucket = this.#bucketOf(size)
    const end = await ended.finally(() => done(batch))
    const inferEnd = elapsed()
    if ('lost' in end) {
      await this.#lose(jobs, end.lost)
      return instances.ready(i)
    }
    const { run, ms } = end
    times.ran(ms)
    if (run.outOfMemoryAt !== undefined) this.#shrinkBelow(run.outOfMemoryAt)
    const settlements = settlementsOf(task.modelPackage, jobs, run, ms)
    const { executions } = run
    const inferBegin = inferEnd - ms
    await settling.settle(settlements, { instance: i, bucket, executions, batch, inferBegin, inferEnd })
  }

  /** One of them may be what ended the thread, or none: each is tried again alone. */
  async #lose(jobs: readonly ClaimedJob[], reason: string): Promise<void> {
    const { task, settling, lost, log } = this.#deps
    log.error({ model: task.modelPackage.manifest.name, reason }, 'an instance was lost')
    lost(await settling.lose(jobs))
  }

  /** The rows that are run for so many images; those that do not fit into memory are run in parts. */
  #bucketOf(size: number): number {
    const { task, limits } = this.#deps
    return task.padded ? Math.max(size, Math.min(bucketFor(size, task.buckets), limits.fits)) : size
  }

  #shrinkBelow(size: number): void {
    const { task, limits, instances, log } = this.#deps
    if (!limits.didNotFit(size)) return
    const maxBatchSize = limits.fits
    instances.shrink(maxBatchSize)
    log.warn(
      { model: task.modelPackage.manifest.name, maxBatchSize },
      'out of memory: batches are made smaller',
    )
  }
}

function ignore(): void {}
