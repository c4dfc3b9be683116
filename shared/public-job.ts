import * as z from 'zod'
import { PROBLEMS, type ProblemCode, problemCodeSchema } from './errors.ts'
import { type EncodingFormat, type Job, predictionSchema } from './job.ts'
import { jobStatusSchema } from './job-state.ts'
import { prioritySchema } from './priority.ts'
import { float32Elements, tensorValueSchema } from './tensor-value.ts'
import { webhookDeliverySchema } from './webhook.ts'

const isoTime = z.iso.datetime()

/** A job as callers see it. `success` and `predictions[].label/probability` are the names of the Keras tutorial's API. */
export const publicJobSchema = z.object({
  id: z.string(),
  status: jobStatusSchema,
  success: z.boolean(),
  model: z.string(),
  model_version: z.string(),
  priority: prioritySchema,
  predictions: z.array(predictionSchema).nullable(),
  /** Of a model that embeds, once it succeeded; no other job has the key. */
  embedding: z.union([z.array(z.number()), tensorValueSchema]).optional(),
  /** Of a model whose outputs are shown as they are, once it succeeded; no other job has the key. */
  tensors: z.record(z.string(), tensorValueSchema).optional(),
  error: z.object({ code: problemCodeSchema, title: z.string(), retryable: z.boolean() }).nullable(),
  created_at: isoTime,
  started_at: isoTime.nullable(),
  completed_at: isoTime.nullable(),
  /** Jobs of this model that will have been served when this one has, itself included; null once it is not queued, or where that is not known. */
  queue_position: z.int().positive().nullable(),
  /** Seconds until its result, by how fast the pools are; null once it has ended, or where no live pool has told. */
  eta_seconds: z.number().nonnegative().nullable(),
  metrics: z.object({
    queue_ms: z.number().nullable(),
    predict_ms: z.number().nullable(),
    batch_size: z.int().nullable(),
    attempts: z.int(),
  }),
  /** How far its webhook was told; null where none was asked for. */
  webhook: webhookDeliverySchema
    .omit({ next_attempt_at: true, delivered_at: true })
    .extend({ url: z.string(), next_attempt_at: isoTime.nullable(), delivered_at: isoTime.nullable() })
    .nullable(),
  urls: z.object({ get: z.string(), cancel: z.string(), events: z.string() }),
})
export type PublicJob = z.infer<typeof publicJobSchema>

/** Where a queued job stands. */
export interface Outlook {
  /** Itself included. */
  position: number | null
  etaSeconds: number | null
}

export interface JobView {
  /** The scheme and host that the caller used, without a slash at the end. */
  origin: string
  outlook?: Outlook | undefined
  encoding?: EncodingFormat
}

export function toPublicJob(job: Job, { origin, outlook, encoding = 'float' }: JobView): PublicJob {
  const queuedUntil = job.started_at ?? job.completed_at
  const pending = job.status === 'queued' || job.status === 'processing'
  const url = `${origin}/result/${job.id}`
  return {
    id: job.id,
    status: job.status,
    success: job.status === 'succeeded',
    model: job.model,
    model_version: job.model_version,
    priority: job.priority,
    predictions: job.predictions ?? null,
    ...(job.embedding && {
      embedding: encoding === 'float' ? float32Elements(job.embedding) : job.embedding,
    }),
    ...(job.tensors && { tensors: job.tensors }),
    error: publicError(job),
    created_at: iso(job.created_at),
    started_at: isoOrNull(job.started_at),
    completed_at: isoOrNull(job.completed_at),
    queue_position: job.status === 'queued' ? (outlook?.position ?? null) : null,
    eta_seconds: pending ? (outlook?.etaSeconds ?? null) : null,
    metrics: {
      queue_ms: queuedUntil === undefined ? null : queuedUntil - job.created_at,
      predict_ms: job.predict_ms ?? null,
      batch_size: job.batch_size ?? null,
      attempts: job.attempt,
    },
    webhook: publicWebhook(job),
    urls: { get: url, cancel: `${url}/cancel`, events: url },
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

function publicWebhook({ webhook, webhook_delivery: delivery }: Job): PublicJob['webhook'] {
  if (!webhook) return null
  return {
    url: webhook.url,
    status: delivery?.status ?? 'pending',
    attempts: delivery?.attempts ?? 0,
    last_status: delivery?.last_status ?? null,
    last_error: delivery?.last_error ?? null,
    next_attempt_at: isoOrNull(delivery?.next_attempt_at),
    delivered_at: isoOrNull(delivery?.delivered_at),
  }
}

function isoOrNull(milliseconds: number | null | undefined): string | null {
  return milliseconds === undefined || milliseconds === null ? null : iso(milliseconds)
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
