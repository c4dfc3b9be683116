import type { Logger } from 'pino'
import type { Clock } from '../shared/clock.ts'
import type { ProblemCode } from '../shared/errors.ts'
import type { ClaimedJob, JobConsumer, JobResult } from '../shared/job-queue.ts'
import { assembleBatch } from './batch-tensor.ts'
import type { BatchOutputs, InferenceSession } from './inference-session.ts'
import { LONGEST_WAIT_MS } from './longest-wait.ts'
import { decodePhotos, type PhotoDecoding, type PhotoInputs } from './photo-inputs.ts'
import { predictionsOf } from './postprocess.ts'

export interface PoolDeps {
  consumer: JobConsumer
  session: InferenceSession
  /** One label a class, in class order. */
  labels: readonly string[]
  maxBatchSize: number
  /** Undefined if the model takes no encoded photos; then one that comes all the same is not what the model takes. */
  photos: PhotoDecoding | undefined
  log: Logger
  clock: Clock
  /** Milliseconds, monotonic. */
  elapsed: () => number
}

/** Pause after Redis has refused something: it is full, loading, or changing its primary. */
const REFUSED_PAUSE_MS = 1_000

type Settlement = { job: ClaimedJob; result: JobResult }

/**
 * Drains one model's queue: claim what waits, at most `maxBatchSize` jobs, decode those that are photos still, run all as one
 * batch, settle them in one round trip. A free pool takes at once what is there; while it is busy, the next batch gathers in the queue. The settling of
 * one batch overlaps with the claiming of the next.
 */
export class Pool {
  readonly #deps: PoolDeps
  #stopping = false

  constructor(deps: PoolDeps) {
    this.#deps = deps
  }

  /** Resolves after `stop`, when every claimed job is settled. What Redis refuses is tried again until it is granted. */
  async run(): Promise<void> {
    const model = this.#deps.session.manifest.name
    let settled: Promise<void> = Promise.resolve()
    while (!this.#stopping) {
      const jobs = await this.#claim(model)
      if (jobs.length === 0) continue
      const settlements = await this.#predict(jobs)
      await settled
      settled = this.#settle(model, settlements)
    }
    await settled
  }

  /** Takes no new jobs from now on. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#deps.consumer.endWaiting()
  }

  async #claim(model: string): Promise<ClaimedJob[]> {
    try {
      return await this.#deps.consumer.claim(model, this.#deps.maxBatchSize, LONGEST_WAIT_MS)
    } catch (error) {
      await this.#pause('claim', error)
      return []
    }
  }

  /** Never rejects: results that Redis refuses are kept and offered again. */
  async #settle(model: string, settlements: Settlement[]): Promise<void> {
    const { consumer, log } = this.#deps
    for (;;) {
      try {
        const outcomes = await consumer.settle(model, settlements)
        const lost = outcomes.filter((outcome) => outcome !== 'succeeded' && outcome !== 'failed')
        if (lost.length > 0) log.warn({ model, outcomes: lost }, 'results came too late')
        return
      } catch (error) {
        await this.#pause('settle', error)
      }
    }
  }

  async #pause(what: string, error: unknown): Promise<void> {
    const { log, clock } = this.#deps
    log.error({ what, reason: error instanceof Error ? error.message : String(error) }, 'Redis refused')
    await clock.sleep(REFUSED_PAUSE_MS)
  }

  async #predict(claimed: ClaimedJob[]): Promise<Settlement[]> {
    const { session, log, elapsed } = this.#deps
    const inputs = await this.#decodePhotos(claimed)
    const { images, jobs, unreadable } = assembleBatch(inputs.jobs, session.manifest.input.shape)
    const failed = [
      ...inputs.failed.map(({ job, code }) => failure(job, code)),
      ...unreadable.map((job) => failure(job, 'unreadable-input')),
    ]
    if (unreadable.length > 0)
      log.warn({ jobs: unreadable.map(({ id }) => id) }, 'inputs are not what the model takes')
    if (jobs.length === 0) return failed
    const begin = elapsed()
    try {
      const outputs = await session.run(images, jobs.length)
      const timing = { predictMs: elapsed() - begin, batchSize: jobs.length }
      log.debug({ ...timing, model: session.manifest.name }, 'batch')
      return [...failed, ...jobs.map((job, i) => this.#settlementOf(job, outputs, i, timing))]
    } catch (error) {
      log.error(
        { reason: error instanceof Error ? error.message : String(error), jobs: jobs.length },
        'batch failed',
      )
      return [...failed, ...jobs.map((job) => failure(job, 'inference-failed'))]
    }
  }

  async #decodePhotos(claimed: ClaimedJob[]): Promise<PhotoInputs> {
    const { session, photos, log, elapsed } = this.#deps
    if (!photos || !claimed.some(({ input }) => input?.kind === 'image')) return { jobs: claimed, failed: [] }
    const begin = elapsed()
    const inputs = await decodePhotos(claimed, session.manifest, photos)
    log.debug({ decodeMs: elapsed() - begin, model: session.manifest.name }, 'photos decoded')
    for (const { job, code, unexpected } of inputs.failed) {
      if (unexpected === undefined) log.info({ job: job.id, code }, 'photo not decoded')
      else log.error({ job: job.id, error: unexpected }, 'decoding a photo failed')
    }
    return inputs
  }

  #settlementOf(
    job: ClaimedJob,
    outputs: BatchOutputs,
    i: number,
    timing: { predictMs: number; batchSize: number },
  ): Settlement {
    const predictions = predictionsOf(outputs, i, this.#deps.labels)
    if (!predictions) return failure(job, 'inference-failed')
    const modelVersion = this.#deps.session.manifest.version
    return { job, result: { status: 'succeeded', modelVersion, predictions, ...timing } }
  }
}

function failure(job: ClaimedJob, code: ProblemCode): Settlement {
  return { job, result: { status: 'failed', code } }
}
