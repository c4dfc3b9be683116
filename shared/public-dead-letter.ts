import * as z from 'zod'
import type { DeadLetter, DeadLetterPlace, ReadDeadLetter } from './dead-letters.ts'
import { modelNameSchema } from './model-manifest.ts'
import { webhookSchema } from './webhook.ts'

/** A dead letter as administrators see it, in lists. */
export const publicDeadLetterSchema = z.object({
  id: z.string(),
  model: z.string(),
  model_version: z.string(),
  reason: z.string(),
  attempts: z.number(),
  pool: z.string(),
  /** ISO 8601; what is kept of a damaged letter as it is. */
  at: z.string(),
  input_bytes: z.int().nonnegative().nullable(),
})
export type PublicDeadLetter = z.infer<typeof publicDeadLetterSchema>

export const publicDeadLettersSchema = z.object({
  dead_letters: z.array(publicDeadLetterSchema),
  /** What ?after= takes for those that follow; null where none do. */
  next: z.string().nullable(),
})
export type PublicDeadLetters = z.infer<typeof publicDeadLettersSchema>

/** The same with all that is known of its job. */
export const publicDeadLetterDetailsSchema = publicDeadLetterSchema.extend({
  owner: z.string().nullable(),
  webhook: z.object({ host: z.string(), events: z.array(z.string()) }).nullable(),
  job: z.record(z.string(), z.string()),
})
export type PublicDeadLetterDetails = z.infer<typeof publicDeadLetterDetailsSchema>

/** What has become of a letter that was retried. */
export const publicRetrySchema = z.object({
  /** The new job's. */
  id: z.string(),
  retry_of: z.string(),
  /** Whether a live pool serves its version. */
  served: z.boolean(),
  urls: z.object({ get: z.string() }),
})
export type PublicRetry = z.infer<typeof publicRetrySchema>

/** Fields of a job that are ms since the epoch. */
const TIMES = new Set(['created_at', 'deadline', 'started_at', 'not_before'])

export function publicLetter(letter: DeadLetter): PublicDeadLetter {
  const { id, model, modelVersion, reason, attempts, pool, at, inputBytes } = letter
  return {
    ...{ id, model, model_version: modelVersion, reason, attempts, pool },
    ...{ at: time(at), input_bytes: inputBytes ?? null },
  }
}

/** Of a webhook's address only the host: the rest may hold a secret. */
export function publicDetails(letter: ReadDeadLetter): PublicDeadLetterDetails {
  const { webhook, owner = '', ...fields } = letter.fields
  const job = Object.entries(fields).map(([name, value]) => [
    name,
    TIMES.has(name) ? time(Number(value)) : value,
  ])
  return {
    ...publicLetter(letter),
    ...{ owner: owner || null, webhook: webhook === undefined ? null : publicWebhook(webhook) },
    job: Object.fromEntries(job) as Record<string, string>,
  }
}

/** A place in the list as one word: an entry and a model. */
export function publicPlace({ entry, model }: DeadLetterPlace): string {
  return `${entry}.${model}`
}

/** Undefined if it is no such word. */
export function parsePublicPlace(text: string): DeadLetterPlace | undefined {
  const [, entry, model] = /^(\d{1,15}-\d{1,15})\.(.+)$/.exec(text) ?? []
  if (entry === undefined || !modelNameSchema.safeParse(model).success) return undefined
  return { entry, model: model as string }
}

function publicWebhook(stored: string): { host: string; events: string[] } {
  try {
    const { url, events } = webhookSchema.parse(JSON.parse(stored))
    return { host: new URL(url).host, events }
  } catch {
    return { host: 'unreadable', events: [] }
  }
}

/** ISO 8601, or what is no time as it is. */
function time(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) <= MOST_MS ? new Date(ms).toISOString() : String(ms)
}

/** The last moment that a Date can be. */
const MOST_MS = 8.64e15
