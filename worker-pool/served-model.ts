import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { HandedOut, JobConsumer, QueueReader } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { tensorByteLength } from '../shared/tensor.ts'
import { Batch } from './batching/batch.ts'
import { BatchBuffers } from './batching/batch-buffers.ts'
import { BatchGatherer } from './batching/batch-gatherer.ts'
import { BatchIntake } from './batching/batch-intake.ts'
import { BatchQueue } from './batching/batch-queue.ts'
import { bucketFor } from './batching/buckets.ts'
import type { FailedInput } from './batching/photo-inputs.ts'
import { SteeredLimits } from './batching/steered-limits.ts'
import { TurnTaking } from './batching/turn-taking.ts'
import type { InstanceTask } from './inference/instance-messages.ts'
import { type BatchEnd, Instances } from './inference/instances.ts'
import type { PoolObserver } from './observe/pool-observer.ts'
import type { PayloadReader } from './redis/payload-reader.ts'
import type { UntilGranted } from './redis/until-granted.ts'
import { RunDurations } from './run-durations.ts'
import { type Settlement, settlementsOf } from './run-results.ts'
import { Settling } from './settling.ts'
import { whenAborted } from './when-aborted.ts'

export interface ServedModelDeps {
  consumer: JobConsumer
  payloads: PayloadReader
  photos: PhotoDecoder | undefined
  observer: PoolObserver
  log: Logger
  clock: Clock
  untilGranted: UntilGranted
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/** Batches in memory: for each instance, one that runs and one that it goes on with at once; and one that fills. */
const batchesInMemory = (instances: number) => 2 * instances + 1

/**
 * One version of a model, from its queue to settled jobs, as a pipeline: while instances run batches in their threads, the next ones
 * are taken, claimed and loaded, and the last ones settled. Each instance is handed its next batch while it runs one, so that it never
 * waits for the pool's thread.
 */
export class ServedModel {
  readonly manifest: ModelManifest
  readonly #task: InstanceTask
  readonly #deps: ServedModelDeps
  readonly #reader: QueueReader
  readonly #intake: BatchIntake
  readonly #memory: BatchBuffers
  readonly #ready = new BatchQueue<Batch>()
  readonly #times = new RunDurations()
  readonly #settling: Settling
  readonly #limits: SteeredLimits
  readonly #finished: Promise<unknown>
  readonly #gatherer: BatchGatherer
  readonly #instances: Instances
  readonly #broken = Promise.withResolvers<never>()
  #isGone = false

  private constructor(task: InstanceTask, instances: Instances, reader: QueueReader, deps: ServedModelDeps) {
    const { manifest } = task.modelPackage
    const { serving } = manifest
    const { maxBatchSize } = instances
    this.manifest = manifest
    this.#task = task
    this.#deps = deps
    this.#reader = reader
    this.#instances = instances
    this.#intake = new BatchIntake(manifest, { ...deps, claimed: (jobs) => this.#settling.claimed(jobs) })
    const imageBytes = tensorByteLength(manifest.input.shape)
    this.#memory = new BatchBuffers(maxBatchSize * imageBytes, batchesInMemory(instances.count))
    this.#settling = new Settling(manifest, { ...deps, settled: (settled) => this.#limits.observe(settled) })
    const preferredSizes = serving.preferred_batch_sizes.filter((size) => size < maxBatchSize)
    this.#limits = new SteeredLimits(
      { maxBatchSize, maxDelayMs: serving.max_queue_delay_ms, preferredSizes },
      serving.target_p99_ms,
    )
    this.#gatherer = new BatchGatherer({
      ...deps,
      reader: new TurnTaking(reader),
      ready: this.#ready,
      limits: () => this.#limits.now,
      newBatch: async () => new Batch(await this.#memory.take(), imageBytes),
      drop: (batch) => this.#memory.giveBack(batch.memory),
      load: (batch, entries) => this.#load(batch, entries),
      untilWorthTaking: () => this.#untilWorthTaking(),
    })
    const served = Array.from({ length: instances.count }, (_, i) => this.#serve(i))
    this.#finished = Promise.race([Promise.all([this.#gatherer.run(), ...served]), this.#broken.promise])
  }

  /**
   * Loads the package into its instances, warms them, joins the queue and serves it. Throws ModelPackageError or ConfigurationError if the
   * package cannot be served, RedisUnreachableError or RedisReplyError if the queue cannot be joined now. `beforeJobs` is called once it is
   * warm; if it throws, nothing is served.
   */
  static async start(
    task: InstanceTask,
    deps: ServedModelDeps,
    beforeJobs = async () => {},
  ): Promise<ServedModel> {
    const { manifest } = task.modelPackage
    const instances = await Instances.start(task, deps.elapsed)
    try {
      await beforeJobs()
      const reader = await deps.consumer.open({ model: manifest.name, version: manifest.version })
      deps.observer.modelServed(manifest, instances.warmRun)
      return new ServedModel(task, instances, reader, deps)
    } catch (error) {
      await instances.closeAll()
      throw error
    }
  }

  /** Rejects if it can serve no more: an instance was lost and could not be started again. */
  get finished(): Promise<unknown> {
    return this.#finished
  }

  /** How long the longest run that is under way has taken so far, in ms. */
  stuckFor(): number {
    return Math.max(...this.#instances.work().map(({ sinceMs }) => sinceMs))
  }

  /**
   * Takes no more jobs, and resolves when all that it holds are settled and its sessions closed. What is not settled when
   * `deadline` aborts, or can no longer be run, is given back to the queue; results that come later are refused by Redis. May be called
   * again. Rejects as `finished` does.
   */
  async drain(deadline?: AbortSignal): Promise<void> {
    await this.#gatherer.stop()
    try {
      await (deadline ? Promise.race([this.#finished, whenAborted(deadline)]) : this.#finished)
    } finally {
      await this.#claimOwed()
      await this.#settling.giveBack()
      if (!this.#isGone) {
        this.#isGone = true
        this.#reader.close()
        this.#deps.observer.modelGone(this.manifest)
      }
    }
  }

  /** Goes on until there is nothing left in its queue, then drains. */
  async drainQueue(): Promise<void> {
    await this.#gatherer.finishQueue()
    await this.#finished
    await this.drain()
  }

  /** What was handed out and never taken becomes ours, so that it can be given back. */
  async #claimOwed(): Promise<void> {
    const { owed } = this.#reader
    if (owed === 0) return
    const { entries } = await this.#reader.take(owed, 0)
    const { name: model, version } = this.manifest
    const jobs = await this.#deps.consumer.claim({ model, version }, entries)
    this.#settling.claimed(jobs.filter((job) => job !== undefined))
  }

  #untilWorthTaking(): number {
    const waits = this.#instances
      .work()
      .map(({ batches, sinceMs }) => this.#times.untilWorthTaking(sinceMs, batches + this.#ready.length))
    return Math.min(...waits)
  }

  async #load(batch: Batch, entries: readonly HandedOut[]): Promise<void> {
    const begin = this.#deps.elapsed()
    const failed = await this.#intake.load(batch, entries)
    this.#times.loaded(this.#deps.elapsed() - begin)
    if (failed.length > 0) this.#settling.fail(failed.map(asFailure), batch)
  }

  /** One instance's life: batch after batch, until there are no more. */
  async #serve(i: number): Promise<void> {
    let run: Promise<void> | undefined
    let finished: Promise<void> | undefined
    for (;;) {
      const batch = (run && (await this.#ready.nextDuring(run))) ?? (await this.#ready.next())
      if (!batch) break
      await batch.loading
      // Who may expire behind the run that is under way is looked at again when that is over.
      if (run && batch.untilDeadline(this.#deps.elapsed()) < this.#times.longRunMs) await run
      this.#failExpired(batch)
      if (batch.size === 0) {
        this.#memory.giveBack(batch.memory)
        continue
      }
      const ended = this.#instances.run(i, batch.memory, batch.size)
      run = ended.then(ignore, ignore)
      await finished
      finished = this.#finish(i, batch, ended).catch((error: Error) => this.#broken.reject(error))
    }
    await finished
    await this.#settling.settled()
    await this.#instances.close(i)
  }

  /** Jobs that nobody waits for any more never reach the model. */
  #failExpired(batch: Batch): void {
    const expired = batch.takeExpired(this.#deps.elapsed())
    if (expired.length === 0) return
    this.#settling.fail(
      expired.map((job) => asFailure({ job, code: 'job-expired' })),
      batch,
    )
  }

  /** Resolves when the batch's jobs are on their way to be settled. Rejects if its instance was lost and no other can be started. */
  async #finish(i: number, batch: Batch, ended: Promise<BatchEnd>): Promise<void> {
    const { jobs, size } = batch
    const bucket = this.#bucketOf(size)
    const end = await ended
    const inferEnd = this.#deps.elapsed()
    this.#memory.giveBack(batch.memory)
    if ('lost' in end) {
      this.#deps.log.error({ model: this.manifest.name, reason: end.lost }, 'an instance was lost')
      this.#settling.fail(
        jobs.map((job) => asFailure({ job, code: 'inference-failed' })),
        batch,
      )
      return this.#instances.ready(i)
    }
    const { run, ms } = end
    this.#times.ran(ms)
    if (run.outOfMemoryAt !== undefined) this.#shrinkBelow(run.outOfMemoryAt)
    const { executions } = run
    const settlements = settlementsOf(this.#task.modelPackage, jobs, run, ms)
    const inferBegin = inferEnd - ms
    await this.#settling.settle(settlements, { instance: i, bucket, executions, batch, inferBegin, inferEnd })
  }

  /** The rows that are run for so many images; those that do not fit into memory are run in parts. */
  #bucketOf(size: number): number {
    const { padded, buckets } = this.#task
    return padded ? Math.max(size, Math.min(bucketFor(size, buckets), this.#limits.fits)) : size
  }

  #shrinkBelow(size: number): void {
    if (!this.#limits.didNotFit(size)) return
    const maxBatchSize = this.#limits.fits
    this.#instances.shrink(maxBatchSize)
    this.#deps.log.warn(
      { model: this.manifest.name, maxBatchSize },
      'out of memory: batches are made smaller',
    )
  }
}

function ignore(): void {}

function asFailure({ job, code, unexpected }: FailedInput): Settlement {
  return { job, result: { status: 'failed', code }, reason: unexpected }
}
