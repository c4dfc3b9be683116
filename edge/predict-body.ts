import * as z from 'zod'
import { ProblemError } from '../shared/errors.ts'
import { WEBHOOK_EVENTS, type WebhookEvent } from '../shared/webhook.ts'
import { hasFewParts } from './json-structure.ts'

/** Values and keys of a JSON body, far above what the most images and all fields take: what has more is not even parsed. */
const MOST_PARTS = 1_000
/** Text that lists events; all of them take less. */
const MAX_EVENTS_LENGTH = 200

const webhookUrlSchema = z.string().min(1).max(2_048)
const webhookEventsSchema = z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length)
const base64Image = z.string().describe('Base64, or a data: URL that holds it.')

/** POST /predict with `application/json`. How many images there may be is the deployment's to say: MAX_IMAGES_PER_CALL. */
export const predictBodySchema = z
  .strictObject({
    image: base64Image.optional().describe('One image: the answer is its job.'),
    images: z.array(base64Image).min(1).optional().describe('Several images: the answer is a batch of jobs.'),
    webhook_url: webhookUrlSchema.optional().describe('Told when the job, or each of them, ends.'),
    webhook_events: webhookEventsSchema.optional().describe('Which ends it is told; all by default.'),
  })
  .refine(({ image, images }) => (image === undefined) !== (images === undefined), {
    error: 'send either "image" or "images"',
  })
export type PredictBody = z.infer<typeof predictBodySchema>

/** Throws ProblemError, which says what is wrong in our words: of the client's, only short names of unknown fields. */
export function parsePredictBody(bytes: Uint8Array): PredictBody {
  const body = predictBodySchema.safeParse(parsedJson(bytes))
  if (body.success) return body.data
  const reasons = body.error.issues.slice(0, 3).map(reasonOf)
  throw new ProblemError('invalid-request', `The JSON body is not as it should be: ${reasons.join('; ')}.`)
}

/** What a form says of a webhook, each as text. Throws ProblemError. */
export function parseWebhookFields(
  url: string | undefined,
  events: string | undefined,
): { webhookUrl: string | undefined; webhookEvents: WebhookEvent[] | undefined } {
  if (events !== undefined && events.length > MAX_EVENTS_LENGTH)
    throw new ProblemError(
      'invalid-request',
      `"webhook_events" may have ${MAX_EVENTS_LENGTH} characters at most.`,
    )
  const listed = events?.split(',').map((event) => event.trim())
  return {
    webhookUrl: parsedField('webhook_url', webhookUrlSchema.optional(), url),
    webhookEvents: parsedField('webhook_events', webhookEventsSchema.optional(), listed),
  }
}

function parsedField<T>(field: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ProblemError('invalid-request', `"${field}": ${parsed.error.issues[0]?.message}.`)
}

function parsedJson(bytes: Uint8Array): unknown {
  // Millions of small values take a hundred times their length when they are parsed, and again when they are checked.
  if (!hasFewParts(bytes, MOST_PARTS))
    throw new ProblemError('invalid-request', `The JSON body has more than ${MOST_PARTS} values and keys.`)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes))
  } catch {
    throw new ProblemError(
      'invalid-request',
      'The body is not JSON in UTF-8, although its Content-Type says so.',
    )
  }
}

function reasonOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys)
  const [field, index] = issue.path
  if (field === undefined) return issue.code === 'custom' ? issue.message : 'it must be an object'
  return `"${String(field)}"${index === undefined ? '' : `[${String(index)}]`}: ${issue.message}`
}

const SHOWABLE = /^[\w.-]{1,40}$/

function unknownFields(names: readonly string[]): string {
  const shown = names.filter((name) => SHOWABLE.test(name)).slice(0, 5)
  const others = names.length - shown.length
  const listed = [
    ...shown.map((name) => `"${name}"`),
    ...(others > 0 ? [`${others} that cannot be shown`] : []),
  ]
  return `there is no field ${listed.join(', ')}`
}
