import { type KnownModel, readAnnouncements } from './announcement.ts'
import { type Job, parseStoredJob } from './job.ts'
import { modelOfJobId } from './job-id.ts'
import { jobInputFields } from './job-input.ts'
import type { EnqueueResult, JobProducer, NewJob } from './job-queue.ts'
import type { RedisCommands } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { enqueueScript } from './scripts/enqueue.ts'
import { knownModelsScript } from './scripts/known-models.ts'

export interface QueuePolicy {
  /** Jobs of one model, waiting or in flight, at which new ones are refused. */
  maxBacklog: number
  /** How long a job may take from acceptance to result. */
  deadlineMs: number
  /** How long a terminal job can be read. */
  resultTtlMs: number
}

/** The edge's side of the queue. Needs scripts and hash reads only, hence works over REST as over TCP. */
export class RedisJobProducer implements JobProducer {
  readonly #redis: RedisCommands
  readonly #keys: RedisKeys
  readonly #policy: QueuePolicy

  constructor(redis: RedisCommands, keys: RedisKeys, policy: QueuePolicy) {
    this.#redis = redis
    this.#keys = keys
    this.#policy = policy
  }

  async enqueue(job: NewJob): Promise<EnqueueResult> {
    const { maxBacklog, deadlineMs, resultTtlMs } = this.#policy
    const { id, model } = job
    const queue = this.#keys.queue({ model, version: job.modelVersion })
    const keys = [queue, this.#keys.job(model, id), this.#keys.input(model, id)]
    const fields = {
      model_version: job.modelVersion,
      ...jobInputFields(job.input),
      request_id: job.requestId,
      ...(job.traceparent === undefined ? {} : { traceparent: job.traceparent }),
    }
    const reply = await this.#redis.run(enqueueScript, keys, [
      id,
      maxBacklog,
      deadlineMs,
      resultTtlMs,
      QUEUE_GROUP,
      job.payload,
      ...Object.entries(fields).flat(),
    ])
    const [outcome, backlog, createdAt] = reply as ['queued' | 'exists' | 'full', number, number]
    if (outcome === 'full') return { outcome, backlog }
    const accepted: Job = {
      id,
      model,
      model_version: job.modelVersion,
      status: 'queued',
      created_at: createdAt,
      deadline: createdAt + deadlineMs,
      attempt: 0,
    }
    return { outcome, backlog, job: accepted }
  }

  async read(id: string): Promise<Job | undefined> {
    const model = modelOfJobId(id)
    if (model === undefined) return undefined
    const { fields, nowMs } = await this.#redis.readHash(this.#keys.job(model, id))
    if (fields.status === undefined) return undefined
    return parseStoredJob(id, model, fields, nowMs)
  }

  async models(): Promise<KnownModel[]> {
    const reply = await this.#redis.run(knownModelsScript, [this.#keys.models(), this.#keys.workers()], [])
    const [nowMs, models, workers] = reply as [number, string[], string[]]
    return readAnnouncements(asRecord(models), asRecord(workers), nowMs)
  }
}

/** A hash as scripts return it: field, value, field, value. */
function asRecord(flat: readonly string[]): Record<string, string> {
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])
  return Object.fromEntries(pairs) as Record<string, string>
}
