import * as z from 'zod'
import { ENCODING_FORMATS } from '../../shared/job.ts'
import { modelNameSchema } from '../../shared/model-manifest.ts'
import { prioritySchema } from '../../shared/priority.ts'
import { WEBHOOK_EVENTS } from '../../shared/webhook.ts'
import { MAX_WAIT_SECONDS } from '../prefer-header.ts'
import { DEFAULT_LETTERS, MAX_LETTERS } from '../routes/dead-letters.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

/**
 * What a request may say beside its body. It is read elsewhere, by code that answers with words of its own; parameters.test.ts holds that
 * code and these schemas together.
 */
interface Parameter {
  in: 'query' | 'header' | 'path'
  name: string
  description: string
  schema: z.ZodType
  example?: string | number
}

const MAX_NINE_DIGITS = 999_999_999

export const PARAMETERS = {
  jobId: {
    in: 'path',
    name: 'id',
    description: 'A job’s or a batch’s id, as POST /predict gave it.',
    schema: z.string().min(1),
    example: 'q7tBqnZDQ2mJdQxvD5b1Kg.resnet50',
  },
  // edge/model-directory.ts: whether there is such a model is another question.
  model: {
    in: 'query',
    name: 'model',
    description:
      'A model of GET /models, or `name@version`. May be left out where there is a default, or one model only.',
    schema: z.string().min(1),
    example: 'resnet50',
  },
  version: {
    in: 'query',
    name: 'version',
    description: 'A version of the model; its default version where nothing is said.',
    schema: z.string().min(1),
    example: '1',
  },
  // edge/encoding-format.ts
  encodingFormat: {
    in: 'query',
    name: 'encoding_format',
    description: 'How an embedding is shown: as numbers, or as the bytes of a float32 tensor in base64.',
    schema: z.enum(ENCODING_FORMATS).default('float'),
  },
  webhookUrl: {
    in: 'query',
    name: 'webhook_url',
    description: 'Told when the job ends, or each job of a batch: a signed POST with the job.',
    schema: z.url(),
    example: 'https://example.com/hooks/edgebatch',
  },
  webhookEvents: {
    in: 'query',
    name: 'webhook_events',
    description: `Which ends the webhook is told of, with commas: ${WEBHOOK_EVENTS.join(', ')}. All where nothing is said.`,
    schema: z.string().regex(new RegExp(`^(${WEBHOOK_EVENTS.join('|')})(,(${WEBHOOK_EVENTS.join('|')}))*$`)),
    example: 'succeeded,failed',
  },
  // edge/routes/result.ts
  wait: {
    in: 'query',
    name: 'wait',
    description: `Seconds to wait for the job’s end; more than ${MAX_WAIT_SECONDS} count as ${MAX_WAIT_SECONDS}.`,
    schema: z.int().min(0).max(MAX_NINE_DIGITS).default(0),
    example: 30,
  },
  // edge/routes/dead-letters.ts
  letterModel: {
    in: 'query',
    name: 'model',
    description:
      'Only those of this model, which may be one that was withdrawn; of all that are known where nothing is said.',
    schema: modelNameSchema,
    example: 'resnet50',
  },
  limit: {
    in: 'query',
    name: 'limit',
    description: `How many at most; more than ${MAX_LETTERS} count as ${MAX_LETTERS}.`,
    schema: z.int().min(1).max(MAX_NINE_DIGITS).default(DEFAULT_LETTERS),
    example: 100,
  },
  after: {
    in: 'query',
    name: 'after',
    description: 'Those that follow: `next` of the answer before.',
    schema: z.string().regex(/^\d{1,15}-\d{1,15}\.[a-z0-9][a-z0-9._-]{0,63}$/),
    example: '1767225600000-0.resnet50',
  },
  // edge/prefer-header.ts
  prefer: {
    in: 'header',
    name: 'Prefer',
    description: `RFC 7240. \`wait=N\`: seconds to wait for the result, ${MAX_WAIT_SECONDS} at most. \`respond-async\`: answer with the job’s id at once. What is not understood is ignored; Preference-Applied says what was honoured.`,
    schema: z.string(),
    example: 'wait=30',
  },
  // edge/submission/idempotency-key.ts
  idempotencyKey: {
    in: 'header',
    name: 'Idempotency-Key',
    description:
      'Makes a retry safe: the same key with the same request gets the same job, as long as that is known. 1 to 255 visible ASCII characters, in quotes or not.',
    schema: z.string().regex(/^(?:"[!#-~]{1,255}"|[!#-~]{1,255})$/),
    example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
  },
  // edge/submission/request-options.ts
  priority: {
    in: 'header',
    name: 'X-Priority',
    description: 'Jobs of higher priority are served first. An API key says which ones may be used.',
    schema: prioritySchema.default('normal'),
  },
  // edge/submission/cancel-after.ts
  cancelAfter: {
    in: 'header',
    name: 'Cancel-After',
    description:
      'How long the job may take from acceptance to result; then it expires. `30s`, `1m30s`, `2h`, or seconds alone.',
    schema: z.string().regex(/^(?=.*[1-9])(?:\d{1,6}|(?=\d)(?:\d{1,4}h)?(?:\d{1,5}m)?(?:\d{1,6}s)?)$/),
    example: '30s',
  },
  cacheControl: {
    in: 'header',
    name: 'Cache-Control',
    description:
      '`no-store`: run the model even if the result for the same image is known, and keep it for nobody else.',
    schema: z.string(),
    example: 'no-store',
  },
  // edge/traceparent.ts
  traceparent: {
    in: 'header',
    name: 'traceparent',
    description: 'W3C Trace Context: the worker pool’s spans join it. One that is not valid is ignored.',
    schema: z.string(),
    example: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
  lastEventId: {
    in: 'header',
    name: 'Last-Event-ID',
    description: 'Of the last event that was seen: the stream goes on after it.',
    schema: z.string(),
    example: '2',
  },
} satisfies Record<string, Parameter>

export type ParameterName = keyof typeof PARAMETERS

/** `components.parameters`. Accept and Authorization are not among them: OpenAPI says those by media types and security. */
export function componentParameters(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries<Parameter>(PARAMETERS).map(([id, { schema, ...parameter }]) => [
      id,
      { ...parameter, required: parameter.in === 'path', schema: toJsonSchema(schema) },
    ]),
  )
}
