import { EVENT_STREAM } from './event-stream.ts'
import { reference } from './json-schema.ts'
import { jsonResponse, type Paths, parameters } from './operation.ts'
import { KEYED, problemResponses } from './problem-responses.ts'
import type { ResponseHeader } from './response-headers.ts'

const HEADERS: readonly ResponseHeader[] = ['Preference-Applied', 'X-Cache', 'RateLimit-Policy', 'RateLimit']

/** As in the Keras tutorial; beside it what JSON says in fields of the same names. */
const FORM = {
  type: 'object',
  required: ['image'],
  properties: {
    image: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', contentMediaType: 'application/octet-stream' },
      description: 'The file. One: the answer is a job. The field several times: a batch.',
    },
    webhook_url: { type: 'string', format: 'uri', description: 'As ?webhook_url=.' },
    webhook_events: { type: 'string', description: 'As ?webhook_events=.' },
  },
}

const FILE = { schema: { type: 'string', contentMediaType: 'application/octet-stream' } }

const REQUEST_BODY = {
  required: true,
  description:
    'An image of a type that the model takes, whatever the content type says of it. GET /models lists the types.',
  content: {
    'multipart/form-data': { schema: FORM },
    'application/json': { schema: { $ref: reference('PredictBody') } },
    'image/*': FILE,
    'application/octet-stream': FILE,
  },
}

export const predictPaths: Paths = {
  '/predict': {
    post: {
      operationId: 'predict',
      tags: ['Jobs'],
      summary: 'Run a model on an image',
      description:
        'Waits for the result, by default as long as the service is set to, and answers with the job. One that takes longer comes as 202: ask for it where Location says.',
      parameters: parameters(
        ...(['model', 'version', 'encodingFormat', 'webhookUrl', 'webhookEvents', 'prefer'] as const),
        ...(['idempotencyKey', 'priority', 'cancelAfter', 'cacheControl', 'traceparent'] as const),
      ),
      requestBody: REQUEST_BODY,
      responses: {
        200: withEvents(
          jsonResponse(
            'The job, or the batch, which has ended: well or not.',
            ['Job', 'Batch'],
            [
              // Of a stream of events.
              'Location',
              ...HEADERS,
            ],
          ),
        ),
        202: jsonResponse(
          'The job, or the batch, is pending.',
          ['Job', 'Batch'],
          ['Location', 'Retry-After', ...HEADERS],
        ),
        ...problemResponses(
          ...KEYED,
          ...(['invalid-request', 'missing-image', 'empty-image', 'model-required', 'forbidden'] as const),
          ...(['model-not-found', 'job-not-found', 'upload-too-slow', 'idempotency-conflict'] as const),
          ...(['body-too-large', 'image-too-large', 'unsupported-image', 'undecodable-image'] as const),
          ...(['idempotency-mismatch', 'rate-limited', 'edge-busy', 'queue-full', 'no-model'] as const),
        ),
      },
    },
  },
}

function withEvents(response: ReturnType<typeof jsonResponse>) {
  return { ...response, content: { ...response.content, ...EVENT_STREAM } }
}
