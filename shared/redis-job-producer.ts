import { type KnownModel, readAnnouncements } from './announcement.ts'
import { toBase64 } from './base64.ts'
import { returnsOf } from './coming-back.ts'
import { type Job, parseStoredJob } from './job.ts'
import { modelOfJobId } from './job-id.ts'
import { type JobInput, jobInputFields } from './job-input.ts'
import { TOMBSTONE_MS } from './job-lifetime.ts'
import type { EnqueueChecks, EnqueueResult, JobLook, JobProducer, NewJob, RateState } from './job-queue.ts'
import { type JobStatus, jobStatusSchema } from './job-state.ts'
import { PRIORITIES } from './priority.ts'
import type { RedisCommands, RedisReply } from './redis-commands.ts'
import { QUEUE_GROUP, type RedisKeys } from './redis-keys.ts'
import { cancelScript } from './scripts/cancel.ts'
import { enqueueScript } from './scripts/enqueue.ts'
import { knownModelsScript } from './scripts/known-models.ts'
import { lookScript } from './scripts/look.ts'

export interface QueuePolicy {
  /** Jobs ahead, waiting or in flight, at which new ones are refused. */
  maxBacklog: number
  /** Bytes of the inputs of these; without it, there is no such limit. */
  maxBacklogBytes?: number
  /** How long a job may take from acceptance to result, where it does not say. */
  deadlineMs: number
  /** How long a terminal job can be read. */
  resultTtlMs: number
  /** How long after that it is still known that it was there; TOMBSTONE_MS where nothing is said, and at most. */
  tombstoneMs?: number
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

  async enqueue(job: NewJob, checks: EnqueueChecks = {}): Promise<EnqueueResult> {
    const { id, model, modelVersion: version, priority = 'normal' } = job
    const served = PRIORITIES.slice(0, PRIORITIES.indexOf(priority))
    const keys = [
      this.#keys.queue({ model, version }, priority),
      this.#keys.job(model, id),
      this.#keys.input(model, id),
      ...served.map((ahead) => this.#keys.queue({ model, version }, ahead)),
    ]
    const reply = await this.#send(keys, job, checks)
    return this.#result(reply as EnqueueReply, job, checks)
  }

  /** Bytes go as they are where they can, and else in base64. That both are done is nothing bad: the second finds the job of the first. */
  async #send(keys: readonly string[], job: NewJob, checks: EnqueueChecks): Promise<RedisReply> {
    const { payload, input } = job
    const options = (encoding: JobInput['encoding']) =>
      JSON.stringify(this.#options({ ...job, input: { ...input, encoding } }, checks))
    if (typeof payload === 'string')
      return this.#redis.run(enqueueScript, keys, [options(input.encoding), payload])
    const reply = await this.#redis.runWithBytes?.(enqueueScript, keys, options('raw'), payload)
    if (reply !== undefined) return reply
    return this.#redis.run(enqueueScript, keys, [options('base64'), toBase64(payload)])
  }

  async read(id: string): Promise<Job | undefined> {
    const model = modelOfJobId(id)
    if (model === undefined) return undefined
    const { fields, nowMs } = await this.#redis.readHash(this.#keys.job(model, id))
    if (fields.status === undefined) return undefined
    return parseStoredJob(id, model, fields, nowMs)
  }

  async look(id: string, { watch = false } = {}): Promise<JobLook | undefined> {
    const model = modelOfJobId(id)
    if (model === undefined) return undefined
    const args = [this.#keys.ofModel(model), watch ? '1' : '']
    const reply = await this.#redis.run(lookScript, [this.#keys.job(model, id)], args)
    const [nowMs, flat, position] = reply as [number, string[], number]
    const fields = asRecord(flat)
    if (fields.status === undefined) return undefined
    const job = parseStoredJob(id, model, fields, nowMs)
    return { job, position: job.status === 'queued' && position > 0 ? position : null }
  }

  async cancel({ id, model, model_version: version, priority }: Job): Promise<JobStatus | undefined> {
    const reply = await this.#redis.run(
      cancelScript,
      [
        this.#keys.queue({ model, version }, priority),
        this.#keys.job(model, id),
        this.#keys.input(model, id),
      ],
      [QUEUE_GROUP, this.#keys.ofModel(model), id],
    )
    return jobStatusSchema.safeParse(reply).data
  }

  channelOf({ id, model }: { id: string; model: string }): string {
    return this.#keys.done(model, id)
  }

  async models(): Promise<KnownModel[]> {
    const reply = await this.#redis.run(knownModelsScript, [this.#keys.models(), this.#keys.workers()], [])
    const [nowMs, models, workers] = reply as [number, string[], string[]]
    return readAnnouncements(asRecord(models), asRecord(workers), nowMs)
  }

  #options(job: NewJob, { key, idempotency, cache, drainRate = null }: EnqueueChecks) {
    const { id, model, modelVersion: version, priority = 'normal', deadlineMs, webhook } = job
    const rate = key?.rate && { limit: key.rate.limit, window_ms: key.rate.windowMs }
    return {
      base: this.#keys.ofModel(model),
      id,
      backlog_limit: this.#policy.maxBacklog,
      bytes_limit: this.#policy.maxBacklogBytes ?? Number.MAX_SAFE_INTEGER,
      deadline_ms: deadlineMs ?? this.#policy.deadlineMs,
      result_ttl_ms: this.#policy.resultTtlMs,
      tombstone_ms: this.#policy.tombstoneMs ?? TOMBSTONE_MS,
      group: QUEUE_GROUP,
      has_webhook: webhook !== undefined,
      back: { key: this.#keys.back({ model, version }, priority), ...returnsOf(drainRate) },
      ...(key && {
        key: {
          ...{ hash: this.#keys.apiKeys(), id: key.id, record: key.stored },
          ...(rate && {
            ...{ rate_key: this.#keys.rate(key.id), back_key: this.#keys.rateBack(key.id), ...rate },
          }),
        },
      }),
      ...(idempotency && {
        idempotency: {
          key: this.#keys.idempotency(idempotency.digest),
          fingerprint: idempotency.fingerprint,
          ttl_ms: idempotency.ttlMs,
        },
      }),
      ...(cache && { cache: { key: this.#keys.cache(model, cache.digest), ttl_ms: cache.ttlMs } }),
      fields: Object.entries(newFields(job, priority, cache)).flat(),
    }
  }

  #result(reply: EnqueueReply, job: NewJob, { key }: EnqueueChecks): EnqueueResult {
    const [outcome, nowMs, id, fields, position, remaining, resetMs, seq] = reply
    const rate: RateState | undefined =
      key?.rate && remaining >= 0 ? { ...key.rate, remaining, resetMs } : undefined
    switch (outcome) {
      case 'full':
        return { outcome, backlog: position, retryAfterMs: resetMs }
      case 'mismatch':
        return { outcome: 'idempotency-mismatch' }
      case 'rate-limited':
        if (!rate) throw new Error('the rate of a key without one is used up')
        return { outcome, retryAfterMs: resetMs, rate }
      case 'key-changed':
        return { outcome }
      case 'queued':
        return { outcome, job: this.#accepted(job, nowMs, seq), position, rate }
      default: {
        // A replayed one may be of another model: what is the default has changed since.
        const found = parseStoredJob(id, modelOfJobId(id) ?? job.model, asRecord(fields), nowMs)
        return { outcome, job: found, position: null, rate }
      }
    }
  }

  #accepted(
    { id, model, modelVersion, deadlineMs, priority = 'normal', owner = '', webhook }: NewJob,
    now: number,
    seq: number,
  ): Job {
    return {
      ...{ id, model, model_version: modelVersion, status: 'queued', priority, owner, attempt: 0 },
      created_at: now,
      deadline: now + (deadlineMs ?? this.#policy.deadlineMs),
      result_ttl: this.#policy.resultTtlMs,
      ...{ outlived: false, read_at: now },
      ...(seq > 0 && { seq }),
      ...(webhook && { webhook }),
    }
  }
}

type EnqueueReply = [
  outcome:
    | 'queued'
    | 'exists'
    | 'replayed'
    | 'hit'
    | 'joined'
    | 'full'
    | 'rate-limited'
    | 'mismatch'
    | 'key-changed',
  nowMs: number,
  id: string,
  fields: string[],
  position: number,
  remaining: number,
  resetMs: number,
  seq: number,
]

/** What the job's hash holds from the beginning, but for what the script knows. */
function newFields(job: NewJob, priority: string, cache: EnqueueChecks['cache']): Record<string, string> {
  const { modelVersion, owner = '', input, requestId, traceparent, watched, webhook } = job
  return {
    model_version: modelVersion,
    priority,
    owner,
    ...jobInputFields(input),
    request_id: requestId,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(watched ? { watched: '1' } : {}),
    ...(webhook ? { webhook: JSON.stringify(webhook) } : {}),
    ...(cache ? { cache: cache.digest } : {}),
  }
}

/** A hash as scripts return it: field, value, field, value. */
function asRecord(flat: readonly RedisReply[]): Record<string, string> {
  const pairs = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])
  return Object.fromEntries(pairs) as Record<string, string>
}
