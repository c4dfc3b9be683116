import * as z from 'zod'
import { PROBLEMS, type ProblemCode } from './errors.ts'
import { isTerminal, type JobStatus, jobStatusSchema } from './job-state.ts'
import { float32Elements, type TensorValue, tensorValueSchema } from './tensor-value.ts'

/** One label of a classification, as callers see it. */
export const predictionSchema = z.object({
  label: z.string(),
  probability: z.number().min(0).max(1),
  index: z.int().min(0),
})
export type Prediction = z.infer<typeof predictionSchema>

/** What a model says about one image. An embedding is float32 of shape [d]; tensors go by the names of the graph's outputs. */
export type JobOutput =
  | { kind: 'predictions'; predictions: Prediction[] }
  | { kind: 'embedding'; embedding: TensorValue }
  | { kind: 'tensors'; tensors: Record<string, TensorValue> }

/** How an embedding is shown: as a list of numbers, or as a TensorValue. Tensors are always shown as TensorValues. */
export const ENCODING_FORMATS = ['float', 'base64'] as const
export type EncodingFormat = (typeof ENCODING_FORMATS)[number]

const milliseconds = z.coerce.number().int().nonnegative()
const json = z.string().transform((text) => JSON.parse(text) as unknown)

const embeddingSchema = tensorValueSchema.refine(
  ({ dtype, shape }) => dtype === 'float32' && shape.length === 1,
  { error: 'an embedding is float32 of shape [d]' },
)

/** A job hash as Redis holds it: strings. Times are milliseconds since the epoch, by Redis' clock. */
const storedJobSchema = z.object({
  status: jobStatusSchema,
  model_version: z.string(),
  created_at: milliseconds,
  deadline: milliseconds,
  attempt: z.coerce.number().int().nonnegative(),
  started_at: milliseconds.optional(),
  completed_at: milliseconds.optional(),
  predictions: json.pipe(z.array(predictionSchema)).optional(),
  embedding: json.pipe(embeddingSchema).optional(),
  tensors: json.pipe(z.record(z.string(), tensorValueSchema)).optional(),
  error: z.string().optional(),
  predict_ms: z.coerce.number().nonnegative().optional(),
  batch_size: z.coerce.number().int().positive().optional(),
})

export type Job = z.infer<typeof storedJobSchema> & { id: string; model: string }

/**
 * Reads a job hash at Redis' time `nowMs`. A job that is past its deadline and not settled is expired, whether or not a
 * pool was there to write that down; no pool can settle it otherwise any more.
 */
export function parseStoredJob(
  id: string,
  model: string,
  fields: Record<string, string>,
  nowMs: number,
): Job {
  const stored = storedJobSchema.parse(fields)
  const expired = !isTerminal(stored.status) && stored.deadline <= nowMs
  const end = expired ? { status: 'expired' as const, completed_at: stored.deadline } : {}
  return { id, model, ...stored, ...end }
}

/** A job as callers see it. `success` and `predictions[].label/probability` are the names of the Keras tutorial's API. */
export interface PublicJob {
  id: string
  status: JobStatus
  success: boolean
  model: string
  model_version: string
  predictions: Prediction[] | null
  /** Of a model that embeds, once it succeeded; no other job has the key. */
  embedding?: number[] | TensorValue
  /** Of a model whose outputs are shown as they are, once it succeeded; no other job has the key. */
  tensors?: Record<string, TensorValue>
  error: { code: ProblemCode; title: string; retryable: boolean } | null
  created_at: string
  started_at: string | null
  completed_at: string | null
  /** The backlog when the job was accepted, itself included; null where it is not known. */
  queue_position: number | null
  eta_seconds: number | null
  metrics: {
    queue_ms: number | null
    predict_ms: number | null
    batch_size: number | null
    attempts: number
  }
  urls: { get: string }
}

/** `origin` is the scheme and host that the caller used, without a slash at the end. */
export function toPublicJob(
  job: Job,
  origin: string,
  queuePosition: number | null = null,
  encoding: EncodingFormat = 'float',
): PublicJob {
  const queuedUntil = job.started_at ?? job.completed_at
  return {
    id: job.id,
    status: job.status,
    success: job.status === 'succeeded',
    model: job.model,
    model_version: job.model_version,
    predictions: job.predictions ?? null,
    ...(job.embedding && {
      embedding: encoding === 'float' ? float32Elements(job.embedding) : job.embedding,
    }),
    ...(job.tensors && { tensors: job.tensors }),
    error: publicError(job),
    created_at: isoTime(job.created_at),
    started_at: job.started_at === undefined ? null : isoTime(job.started_at),
    completed_at: job.completed_at === undefined ? null : isoTime(job.completed_at),
    queue_position: job.status === 'queued' ? queuePosition : null,
    eta_seconds: null,
    metrics: {
      queue_ms: queuedUntil === undefined ? null : queuedUntil - job.created_at,
      predict_ms: job.predict_ms ?? null,
      batch_size: job.batch_size ?? null,
      attempts: job.attempt,
    },
    urls: { get: `${origin}/result/${job.id}` },
  }
}

function publicError(job: Job): PublicJob['error'] {
  if (job.status !== 'failed' && job.status !== 'expired') return null
  const code = job.status === 'expired' ? 'job-expired' : knownCode(job.error)
  return { code, title: PROBLEMS[code].title, retryable: PROBLEMS[code].retryable }
}

/** A code written by a newer pool may be unknown here; then the caller is told what is certain. */
function knownCode(code: string | undefined): ProblemCode {
  return code !== undefined && Object.hasOwn(PROBLEMS, code) ? (code as ProblemCode) : 'internal-error'
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
