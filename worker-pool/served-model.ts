import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { HandedOut, JobConsumer, QueueReader } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import { tensorByteLength } from '../shared/tensor.ts'
import { Batch } from './batching/batch.ts'
import { BatchGatherer } from './batching/batch-gatherer.ts'
import { BatchIntake } from './batching/batch-intake.ts'
import { BatchMemory } from './batching/batch-memory.ts'
import { BatchQueue } from './batching/batch-queue.ts'
import { bucketFor } from './batching/buckets.ts'
import { CurrentLimits } from './batching/current-limits.ts'
import type { FailedInput, PhotoDecoding } from './batching/photo-inputs.ts'
import { Instance } from './inference/instance.ts'
import type { InstanceTask } from './inference/instance-messages.ts'
import type { PoolObserver } from './observe/pool-observer.ts'
import type { PayloadReader } from './redis/payload-reader.ts'
import type { UntilGranted } from './redis/until-granted.ts'
import { RunTimes } from './run-times.ts'
import { type Settlement, settlementsOf } from './settlements.ts'
import { type FinishedBatch, Settling } from './settling.ts'

export interface ServedModelDeps {
  consumer: JobConsumer
  payloads: PayloadReader
  photos: PhotoDecoding | undefined
  observer: PoolObserver
  log: Logger
  clock: Clock
  untilGranted: UntilGranted
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/** Batches that may be gathered or ready while every instance is at work: one that waits for its turn, one that fills. */
const BATCHES_AHEAD = 2

/**
 * One version of a model, from its queue to settled jobs, as a pipeline: while instances run batches in their threads, the next ones
 * are taken, claimed and loaded, and the last ones settled.
 */
export class ServedModel {
  readonly manifest: ModelManifest
  readonly #task: InstanceTask
  readonly #deps: ServedModelDeps
  readonly #reader: QueueReader
  readonly #intake: BatchIntake
  readonly #memory: BatchMemory
  readonly #ready = new BatchQueue<Batch>()
  readonly #times = new RunTimes()
  readonly #settling: Settling
  readonly #limits: CurrentLimits
  readonly #finished: Promise<unknown>
  readonly #gatherer: BatchGatherer
  #isGone = false
  /** By instance: when its run began. */
  readonly #running = new Map<number, number>()

  private constructor(task: InstanceTask, instances: Instance[], reader: QueueReader, deps: ServedModelDeps) {
    const { manifest } = task.modelPackage
    const maxBatchSize = Math.min(...instances.map((instance) => instance.maxBatchSize))
    const { serving } = manifest
    this.manifest = manifest
    this.#task = task
    this.#deps = deps
    this.#reader = reader
    this.#intake = new BatchIntake(manifest, deps)
    const imageBytes = tensorByteLength(manifest.input.shape)
    this.#memory = new BatchMemory(maxBatchSize * imageBytes, instances.length + BATCHES_AHEAD)
    this.#settling = new Settling(manifest, deps)
    const preferredSizes = serving.preferred_batch_sizes.filter((size) => size < maxBatchSize)
    this.#limits = new CurrentLimits(
      { maxBatchSize, maxDelayMs: serving.max_queue_delay_ms, preferredSizes },
      serving.target_p99_ms,
    )
    this.#gatherer = new BatchGatherer({
      ...deps,
      reader,
      ready: this.#ready,
      limits: () => this.#limits.now,
      newBatch: async () => new Batch(await this.#memory.take(), imageBytes),
      drop: (batch) => this.#memory.giveBack(batch.memory),
      load: (batch, entries) => this.#load(batch, entries),
      untilWorthTaking: () => this.#untilWorthTaking(),
    })
    this.#finished = Promise.all([
      this.#gatherer.run(),
      ...instances.map((_, i) => this.#serve(instances, i)),
    ])
  }

  /**
   * Loads the package into its instances, warms them, joins the queue and serves it. Throws ModelPackageError if the package cannot be
   * served, RedisUnreachableError if Redis does not answer.
   */
  static async start(task: InstanceTask, deps: ServedModelDeps): Promise<ServedModel> {
    const { manifest } = task.modelPackage
    const count = manifest.serving.instances
    const started = await Promise.allSettled(Array.from({ length: count }, () => Instance.start(task)))
    const instances = started.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
    try {
      const refused = started.find((start) => start.status === 'rejected')
      if (refused) throw refused.reason
      const reader = await deps.consumer.open({ model: manifest.name, version: manifest.version })
      deps.observer.modelServed(manifest)
      return new ServedModel(task, instances, reader, deps)
    } catch (error) {
      await Promise.all(instances.map((instance) => instance.close()))
      throw error
    }
  }

  /** Rejects if it can serve no more: an instance was lost and could not be started again. */
  get finished(): Promise<unknown> {
    return this.#finished
  }

  /** How long the longest run that is under way has taken so far, in ms. */
  stuckFor(): number {
    const now = this.#deps.elapsed()
    return Math.max(0, ...[...this.#running.values()].map((begin) => now - begin))
  }

  /**
   * Takes no more jobs, and resolves when all that it holds are settled and its sessions closed. What is not settled when
   * `deadline` aborts is given back to the queue; results that come later are refused by Redis. May be called again.
   */
  async drain(deadline?: AbortSignal): Promise<void> {
    await this.#gatherer.stop()
    if (!deadline) await this.#finished
    else await Promise.race([this.#finished, aborted(deadline).then(() => this.#settling.giveBack())])
    if (this.#isGone) return
    this.#isGone = true
    this.#reader.close()
    this.#deps.observer.modelGone(this.manifest)
  }

  /** Goes on until there is nothing left in its queue, then drains. */
  async drainQueue(): Promise<void> {
    await this.#gatherer.finishQueue()
    await this.#finished
    await this.drain()
  }

  #untilWorthTaking(): number {
    if (this.#running.size === 0) return 0
    const since = this.#deps.elapsed() - Math.min(...this.#running.values())
    return this.#times.untilWorthTaking(since, this.#ready.length)
  }

  async #load(batch: Batch, entries: readonly HandedOut[]): Promise<void> {
    const begin = this.#deps.elapsed()
    const before = batch.size
    const failed = await this.#intake.load(batch, entries)
    this.#settling.claimed([...batch.jobs.slice(before), ...failed.map(({ job }) => job)])
    this.#times.loaded(this.#deps.elapsed() - begin)
    if (failed.length > 0) this.#settling.fail(failed.map(asFailure), batch)
  }

  /** One instance's life: batch after batch, until there are no more. */
  async #serve(instances: Instance[], i: number): Promise<void> {
    for (;;) {
      const batch = await this.#ready.next()
      if (!batch) break
      await batch.loading
      if (batch.size === 0) this.#memory.giveBack(batch.memory)
      else await this.#run(instances, i, batch)
    }
    await this.#settling.settled()
    await instances[i]?.close()
  }

  async #run(instances: Instance[], i: number, batch: Batch): Promise<void> {
    const { elapsed } = this.#deps
    const { jobs, size } = batch
    const bucket = this.#bucketOf(size)
    const inferBegin = elapsed()
    this.#running.set(i, inferBegin)
    const ran = await instances[i]?.run(batch.memory, size).catch((error: Error) => error)
    this.#running.delete(i)
    const inferEnd = elapsed()
    const finished = { instance: i, bucket, batch, inferBegin, inferEnd }
    if (!ran || ran instanceof Error)
      return this.#replace(instances, i, ran?.message ?? 'there is none', finished)
    this.#memory.giveBack(ran.memory)
    this.#times.ran(inferEnd - inferBegin)
    if (ran.run.outOfMemoryAt !== undefined) this.#shrinkBelow(ran.run.outOfMemoryAt, instances)
    const settlements = settlementsOf(this.#task.modelPackage, jobs, ran.run, inferEnd - inferBegin)
    await this.#settling.settle(settlements, finished)
    this.#limits.observe({
      size,
      inferMs: inferEnd - inferBegin,
      latenciesMs: jobs.map(
        ({ createdAt, claimedAt }) => claimedAt - createdAt + elapsed() - batch.claimedAt,
      ),
    })
  }

  /** The rows that are run for so many images; those that do not fit into memory are run in parts. */
  #bucketOf(size: number): number {
    const { padded, buckets } = this.#task
    return padded ? Math.max(size, Math.min(bucketFor(size, buckets), this.#limits.fits)) : size
  }

  /** An instance has died with its batch, memory included. Its jobs fail, and another takes its place; rejects if none can be started. */
  async #replace(instances: Instance[], i: number, reason: string, finished: FinishedBatch): Promise<void> {
    this.#memory.giveBack()
    this.#deps.log.error({ model: this.manifest.name, reason }, 'an instance was lost')
    const failures = finished.batch.jobs.map((job) => asFailure({ job, code: 'inference-failed' }))
    await this.#settling.settle(failures, finished)
    const instance = await Instance.start(this.#task)
    if (instance.maxBatchSize > this.#limits.fits) instance.shrink(this.#limits.fits)
    instances[i] = instance
  }

  #shrinkBelow(size: number, instances: readonly Instance[]): void {
    if (!this.#limits.didNotFit(size)) return
    const maxBatchSize = this.#limits.fits
    for (const instance of instances) instance.shrink(maxBatchSize)
    this.#deps.log.warn(
      { model: this.manifest.name, maxBatchSize },
      'out of memory: batches are made smaller',
    )
  }
}

function asFailure({ job, code, unexpected }: FailedInput): Settlement {
  return { job, result: { status: 'failed', code }, reason: unexpected }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
