import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { HandedOut, JobConsumer, QueueName, QueueReader, TakenOver } from '../shared/job-queue.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { tensorByteLength } from '../shared/tensor.ts'
import { BatchRunner } from './batch-runner.ts'
import { Batch } from './batching/batch.ts'
import { BatchBuffers } from './batching/batch-buffers.ts'
import { BatchGatherer } from './batching/batch-gatherer.ts'
import { BatchIntake } from './batching/batch-intake.ts'
import { BatchQueue } from './batching/batch-queue.ts'
import { SteeredLimits } from './batching/steered-limits.ts'
import { TurnTaking } from './batching/turn-taking.ts'
import type { InstanceTask } from './inference/instance-messages.ts'
import { Instances } from './inference/instances.ts'
import type { ExclusiveTurn } from './leases/exclusive-turn.ts'
import { LeaseKeeper } from './leases/lease-keeper.ts'
import { LoneJobs } from './leases/lone-jobs.ts'
import type { PoolObserver } from './observe/pool-observer.ts'
import type { PayloadReader } from './redis/payload-reader.ts'
import type { UntilGranted } from './redis/until-granted.ts'
import { RunDurations } from './run-durations.ts'
import { failedInput } from './run-results.ts'
import { Settling } from './settling.ts'
import { whenAborted } from './when-aborted.ts'

export interface ServedModelDeps {
  consumer: JobConsumer
  payloads: PayloadReader
  photos: PhotoDecoder | undefined
  /** Of all that this process serves. */
  turn: ExclusiveTurn
  leaseMs: number
  observer: PoolObserver
  log: Logger
  clock: Clock
  untilGranted: UntilGranted
  /** Milliseconds, monotonic. */
  elapsed: () => number
  /** 0 to 1; Math.random but in tests. */
  random: () => number
  /** What sessions' threads run, if it is not the usual. */
  instanceEntry?: URL
}

/** Batches in memory: for each instance, one that runs and one that it goes on with at once; and one that fills. */
const batchesInMemory = (instances: number) => 2 * instances + 1

/**
 * One version of a model, from its queue to settled jobs, as a pipeline: while instances run batches in their threads, the next ones
 * are taken, claimed and loaded, and the last ones settled.
 */
export class ServedModel {
  readonly manifest: ModelManifest
  readonly #queue: QueueName
  readonly #deps: ServedModelDeps
  readonly #reader: QueueReader
  readonly #intake: BatchIntake
  readonly #memory: BatchBuffers
  readonly #ready = new BatchQueue<Batch>()
  readonly #times = new RunDurations()
  readonly #settling: Settling
  readonly #gatherer: BatchGatherer
  readonly #runner: BatchRunner
  readonly #lone: LoneJobs
  readonly #maxBatchSize: number
  readonly #finished: Promise<unknown>
  readonly #draining = new AbortController()
  /** Nothing more is claimed. */
  readonly #over = new AbortController()
  readonly #gone = new AbortController()

  private constructor(task: InstanceTask, instances: Instances, reader: QueueReader, deps: ServedModelDeps) {
    const { manifest } = task.modelPackage
    const { turn, consumer, clock, leaseMs } = deps
    const { maxBatchSize } = instances
    this.manifest = manifest
    this.#queue = { model: manifest.name, version: manifest.version }
    this.#deps = deps
    this.#reader = reader
    this.#maxBatchSize = maxBatchSize
    const imageBytes = tensorByteLength(manifest.input.shape)
    this.#memory = new BatchBuffers(maxBatchSize * imageBytes, batchesInMemory(instances.count))
    const newBatch = async () => new Batch(await this.#memory.take(), imageBytes)
    const done = (batch: Batch) => this.#memory.giveBack(batch.memory)
    const limits = SteeredLimits.forModel(manifest, maxBatchSize)
    this.#settling = new Settling(manifest, { ...deps, settled: (settled) => limits.observe(settled) })
    this.#lone = new LoneJobs({
      ...{ turn, clock, patienceMs: leaseMs },
      run: async (entries) => this.#runApart(await newBatch(), entries),
      giveBack: (entries) => this.#settling.putBack(entries),
    })
    this.#intake = new BatchIntake(manifest, {
      ...deps,
      claimed: ({ jobs, lone }) => {
        this.#settling.claimed(jobs.filter((job) => job !== undefined))
        turn.left()
        this.#lone.add(lone)
      },
    })
    this.#runner = new BatchRunner({
      ...deps,
      ...{ task, instances, ready: this.#ready, settling: this.#settling, limits, times: this.#times, done },
      lost: (lone) => this.#lone.add(lone),
    })
    this.#gatherer = new BatchGatherer({
      ...deps,
      ...{ reader: new TurnTaking(reader), ready: this.#ready, limits: () => limits.now, newBatch },
      drop: done,
      over: this.#over.signal,
      load: (batch, entries) => this.#load(batch, entries),
      untilWorthTaking: () => this.#runner.untilWorthTaking(),
      whenNothingIsHeld: () => this.#whenNothingIsHeld(),
      isQueueDone: () => this.#isQueueDone(),
    })
    this.#finished = Promise.all([this.#gatherer.run(), this.#runner.finished])
    const keeper = new LeaseKeeper({
      ...deps,
      ...{ leases: consumer.leases, queue: this.#queue },
      // They are run one after another: who has some leaves others to others.
      room: () => (this.#lone.size === 0 ? maxBatchSize : 0),
      whenRoom: () => this.#lone.untilEmpty(),
      takenOver: (taken) => void this.#takenOver(taken),
    })
    void keeper.run(this.#gone.signal, this.#draining.signal)
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
    const instances = await Instances.start(task, deps.elapsed, deps.instanceEntry)
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
    return this.#runner.stuckFor()
  }

  /**
   * Takes no more jobs, and resolves when all that it holds are settled and its sessions closed. What is not settled when
   * `deadline` aborts, or can no longer be run, is given back to the queue; results that come later are refused by Redis. May be called
   * again. Rejects as `finished` does.
   */
  async drain(deadline?: AbortSignal): Promise<void> {
    this.#draining.abort()
    this.#lone.stop()
    await this.#gatherer.stop()
    try {
      await (deadline ? Promise.race([this.#finished, whenAborted(deadline)]) : this.#finished)
    } finally {
      this.#over.abort()
      try {
        await this.#giveBackAll()
      } finally {
        this.#end()
      }
    }
  }

  /** Goes on until there is nothing left in its queue, then drains. */
  async drainQueue(): Promise<void> {
    await this.#gatherer.finishQueue()
    await this.#finished
    await this.drain()
  }

  #end(): void {
    if (this.#gone.signal.aborted) return
    this.#gone.abort()
    this.#reader.close()
    this.#deps.observer.modelGone(this.manifest)
  }

  /** What was handed out and never claimed becomes ours first, so that it can be given back. */
  async #giveBackAll(): Promise<void> {
    const owed = this.#reader.owed > 0 ? (await this.#reader.take(this.#reader.owed, 0)).entries : []
    const entries = [...owed, ...this.#gatherer.unclaimed.splice(0), ...this.#lone.notBegun]
    const { jobs } = await this.#deps.consumer.claim(this.#queue, entries, { alone: true })
    this.#settling.claimed(jobs.filter((job) => job !== undefined))
    await this.#settling.giveBack()
  }

  async #whenNothingIsHeld(): Promise<void> {
    do {
      await this.#lone.untilEmpty()
      await this.#settling.untilNothingIsHeld()
    } while (this.#lone.size > 0)
  }

  /** What others hold may come to be this pool's, as long as there is nobody else. */
  async #isQueueDone(): Promise<boolean> {
    const { consumer, untilGranted, clock, leaseMs } = this.#deps
    const backlog = await untilGranted('look', () => consumer.backlog(this.#queue))
    if (backlog > 0) await clock.sleep(leaseMs / 4, this.#draining.signal)
    return backlog === 0
  }

  async #takenOver({ entries, lone, dead }: TakenOver): Promise<void> {
    const { observer } = this.#deps
    if (lone.length + dead.length > 0)
      observer.attemptsLost(this.manifest, { reason: 'pool-lost', retried: lone.length, dead })
    if (this.#draining.signal.aborted)
      return this.#settling.putBack([...entries, ...lone.map(({ handedOut }) => handedOut)])
    this.#lone.addTogether(entries, this.#maxBatchSize)
    this.#lone.add(lone)
  }

  /** Runs them as a batch of their own, with nothing else claimed in this process. */
  async #runApart(batch: Batch, entries: readonly HandedOut[]): Promise<void> {
    const { turn, elapsed } = this.#deps
    batch.takenAt = elapsed()
    await turn.enter({ holdsJobs: true })
    await this.#load(batch, entries, { alone: true })
    if (batch.size > 0) this.#ready.push(batch)
    else this.#memory.giveBack(batch.memory)
  }

  async #load(batch: Batch, entries: readonly HandedOut[], options?: { alone: boolean }): Promise<void> {
    const begin = this.#deps.elapsed()
    const failed = await this.#intake.load(batch, entries, options)
    this.#times.loaded(this.#deps.elapsed() - begin)
    if (failed.length > 0) this.#settling.fail(failed.map(failedInput), batch)
  }
}
