import { type Caller, mayUseModel, mayUsePriority, ownerOf } from '../../shared/api-key.ts'
import { ProblemError } from '../../shared/errors.ts'
import type { Job } from '../../shared/job.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { JobInput } from '../../shared/job-input.ts'
import type { EnqueueChecks, EnqueueResult, NewJob, RateState } from '../../shared/job-queue.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { versionId } from '../../shared/model-reference.ts'
import { sha256Hex } from '../../shared/sha256.ts'
import type { Webhook } from '../../shared/webhook.ts'
import { type PreparedInput, prepareInput } from '../decode-or-forward.ts'
import type { EdgeContext } from '../edge-context.ts'
import { retryAfterRefused } from '../outlook.ts'
import { rateHeaders } from '../rate-headers.ts'
import type { RequestTimings } from '../request-timings.ts'
import { idempotencyCheck } from './idempotency-key.ts'
import type { RequestOptions } from './request-options.ts'

/** A call's photos are submitted with the same of these. */
export interface Submission {
  caller: Caller
  /** Asks Redis once more who calls. Throws ProblemError 'unauthorized'. */
  identifyAgain: () => Promise<Caller>
  model: ModelManifest
  options: RequestOptions
  /** How long each job may take, from acceptance to result. */
  deadlineMs: number
  /** What that was read from, as it came. */
  cancelAfter: string | undefined
  /** What the request names as model and version, as it came. */
  asked: string
  webhook: Webhook | undefined
  /** Whether the caller waits to be told of the end. */
  watched: boolean
  requestId: string
  traceparent: string | undefined
  timings: RequestTimings
}

export interface Submitted {
  job: Job
  position: number | null
  rate: RateState | undefined
  outcome: Accepted['outcome']
  /** Whether its end is told on its channel, since it was asked for with it. */
  watched: boolean
  /** Whether results of other jobs would have done. */
  cacheable: boolean
}

type Accepted = Extract<EnqueueResult, { job: Job }>

/** Turns a photo into a job that is accepted. Throws ProblemError for whatever keeps it from being so. */
export async function submit(
  context: EdgeContext,
  photo: Uint8Array,
  submission: Submission,
): Promise<Submitted> {
  const { deps, uploads } = context
  const { model, timings } = submission
  const input = await timings.measure('decode', () => prepareInput(photo, model, deps.photos))
  const id = newJobId(model.name)
  const checks = await checksOf(context, photo, input, submission)
  const job: Omit<NewJob, 'owner'> = {
    id,
    model: model.name,
    modelVersion: model.version,
    input: jobInput(input, model),
    payload: input.bytes,
    requestId: submission.requestId,
    traceparent: submission.traceparent,
    priority: submission.options.priority,
    deadlineMs: submission.deadlineMs,
    webhook: submission.webhook,
    watched: submission.watched,
  }
  const result = await uploads.sending(input.bytes.length, () =>
    timings.measure('enqueue', () => enqueue(context, job, checks, submission)),
  )
  const cacheable = checks.cache !== undefined
  return {
    job: result.job,
    position: result.position,
    rate: result.rate,
    outcome: result.outcome,
    watched: submission.watched && result.outcome !== 'replayed',
    cacheable,
  }
}

/** What a model allows; its own maximum bounds the edge's default, too. */
export function deadlineLimits({ serving }: ModelManifest, defaultSeconds: number) {
  const { default: own, max: maxSeconds = MAX_DEADLINE_SECONDS } = serving.deadline_seconds ?? {}
  return { defaultSeconds: Math.min(own ?? defaultSeconds, maxSeconds), maxSeconds }
}

/** Of a model that does not say: a day. */
const MAX_DEADLINE_SECONDS = 86_400

async function checksOf(
  { deps }: EdgeContext,
  photo: Uint8Array,
  input: PreparedInput,
  submission: Submission,
): Promise<Omit<EnqueueChecks, 'key' | 'drainRate'>> {
  const { model } = submission
  const owner = ownerOf(submission.caller)
  const { idempotencyKey, noStore } = submission.options
  const cacheTtlMs = (model.serving.cache_ttl_seconds ?? deps.cacheTtlSeconds) * 1000
  const [idempotency, cache] = await Promise.all([
    idempotencyKey === undefined
      ? undefined
      : sha256Hex(photo).then((digest) => idempotencyCheck(idempotencyKey, digest, submission)),
    cacheTtlMs === 0 || noStore
      ? undefined
      : sha256Hex(input.bytes).then(async (digest) => ({
          digest: await sha256Hex(JSON.stringify([owner, versionId(model), input.kind, digest])),
          ttlMs: cacheTtlMs,
        })),
  ])
  return { idempotency, cache }
}

/** Once more if the key's record has changed since it was read: it may still allow this. */
async function enqueue(
  context: EdgeContext,
  job: Omit<NewJob, 'owner'>,
  checks: Omit<EnqueueChecks, 'key' | 'drainRate'>,
  submission: Submission,
): Promise<Accepted> {
  const { deps, callers } = context
  const drainRate = context.models.drainRate(job.model, job.modelVersion)
  const by = (caller: Caller) =>
    deps.queue.enqueue({ ...job, owner: ownerOf(caller) }, { ...checks, drainRate, key: keyCheck(caller) })
  let result = await by(submission.caller)
  if (result.outcome === 'key-changed') {
    callers.forget(ownerOf(submission.caller))
    const caller = await submission.identifyAgain()
    if (!mayUseModel(caller, job.model)) throw new ProblemError('model-not-found', 'There is no such model.')
    if (!mayUsePriority(caller, submission.options.priority))
      throw new ProblemError('forbidden', 'The priority is not open to this API key any more.')
    result = await by(caller)
  }
  return accepted(result)
}

function accepted(result: EnqueueResult): Accepted {
  switch (result.outcome) {
    case 'full':
      throw new ProblemError(
        'queue-full',
        `${result.backlog} jobs are waiting or running. Nothing was stored; try again.`,
        { headers: { 'retry-after': String(retryAfterRefused(result.retryAfterMs)) } },
      )
    case 'rate-limited':
      throw new ProblemError('rate-limited', 'Nothing was stored; try again when Retry-After is over.', {
        headers: {
          ...rateHeaders(result.rate),
          'retry-after': String(retryAfterRefused(result.retryAfterMs)),
        },
      })
    case 'idempotency-mismatch':
      throw new ProblemError('idempotency-mismatch', 'Take a new key for another image or other options.')
    case 'key-changed':
      throw new ProblemError('unauthorized', 'This is no API key of this service, or it has been revoked.')
    default:
      if (result.job.outlived)
        throw new ProblemError(
          'result-expired',
          'The job of this Idempotency-Key was kept as long as promised. Take a new key.',
        )
      return result
  }
}

function keyCheck(caller: Caller): EnqueueChecks['key'] {
  if (caller.kind === 'anonymous') return undefined
  const { record, stored } = caller
  const rate = record.rate
    ? { limit: record.rate.limit, windowMs: record.rate.window_seconds * 1000 }
    : undefined
  return { id: record.id, stored, rate }
}

function jobInput(prepared: PreparedInput, { input }: ModelManifest): JobInput {
  return prepared.kind === 'tensor'
    ? { kind: 'tensor', dtype: input.dtype, shape: input.shape, encoding: 'raw' }
    : { kind: 'image', type: prepared.type, encoding: 'raw' }
}
