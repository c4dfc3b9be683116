import * as z from 'zod'
import { isTerminal, jobStatusSchema } from './job-state.ts'
import { prioritySchema } from './priority.ts'
import { type TensorValue, tensorValueSchema } from './tensor-value.ts'
import { webhookDeliverySchema, webhookSchema } from './webhook.ts'

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
  /** How long the job can be read once it has ended, in ms. */
  result_ttl: milliseconds,
  attempt: z.coerce.number().int().nonnegative(),
  priority: prioritySchema,
  /** Id of the API key that made it; empty where it was made without one. */
  owner: z.string(),
  /** Its number in its queue: of all entries that queue ever had. */
  seq: z.coerce.number().int().nonnegative().optional(),
  /** The job whose result it gets, since it is for the same input. */
  follows: z.string().optional(),
  webhook: json.pipe(webhookSchema).optional(),
  webhook_delivery: json.pipe(webhookDeliverySchema).optional(),
  started_at: milliseconds.optional(),
  completed_at: milliseconds.optional(),
  predictions: json.pipe(z.array(predictionSchema)).optional(),
  embedding: json.pipe(embeddingSchema).optional(),
  tensors: json.pipe(z.record(z.string(), tensorValueSchema)).optional(),
  error: z.string().optional(),
  predict_ms: z.coerce.number().nonnegative().optional(),
  batch_size: z.coerce.number().int().positive().optional(),
})

export type Job = z.infer<typeof storedJobSchema> & {
  id: string
  model: string
  /** Whether it was kept as long as promised. What is left of it then is to be shown to nobody. */
  outlived: boolean
  /** When it was read: what it is then, and how far from its deadline, by the clock that this is held against. */
  read_at: number
}

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
  const { completed_at = Number.POSITIVE_INFINITY } = { ...stored, ...end }
  const outlived = completed_at + stored.result_ttl <= nowMs
  return { id, model, ...stored, ...end, outlived, read_at: nowMs }
}

/** Reads what is told of a job on its channel: its hash as JSON. Undefined if that is none that this version knows. */
export function parseToldJob(id: string, model: string, message: string): Job | undefined {
  try {
    const fields = JSON.parse(message) as Record<string, string>
    return parseStoredJob(id, model, fields, Number(fields.completed_at))
  } catch {
    return undefined
  }
}
