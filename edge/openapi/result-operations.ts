import { EVENT_STREAM } from './event-stream.ts'
import type { JsonSchema } from './json-schema.ts'
import { jsonResponse, type Paths, parameters } from './operation.ts'
import { KEYED, problemResponses } from './problem-responses.ts'
import { headersOf } from './response-headers.ts'

const ended = jsonResponse(
  'The job, or the batch, which has ended: well or not.',
  ['Job', 'Batch'],
  // Of a stream of events.
  ['Location'],
)

const read: JsonSchema = {
  operationId: 'getResult',
  tags: ['Jobs'],
  summary: 'Ask for a job or a batch',
  description:
    'At once, after at most ?wait= seconds, or as a stream of events with `Accept: text/event-stream`.',
  parameters: parameters('jobId', 'wait', 'encodingFormat', 'lastEventId'),
  responses: {
    200: { ...ended, content: { ...ended.content, ...EVENT_STREAM } },
    202: jsonResponse('The job, or the batch, is pending.', ['Job', 'Batch'], ['Location', 'Retry-After']),
    204: { description: 'The stream of events has nothing more to tell.', headers: headersOf() },
    ...problemResponses(...KEYED, 'invalid-request', 'job-not-found', 'result-expired'),
  },
}

/** Two ways to the same: DELETE for who thinks in resources, POST for forms and proxies that know no other method. */
function cancel(operationId: string, description: string): JsonSchema {
  return {
    operationId,
    tags: ['Jobs'],
    summary: 'Cancel a job or a batch',
    description,
    parameters: parameters('jobId', 'encodingFormat'),
    responses: {
      200: jsonResponse('The job, or the batch, after it. What had ended already is as it was.', [
        'Job',
        'Batch',
      ]),
      ...problemResponses(...KEYED, 'invalid-request', 'job-not-found', 'result-expired'),
    },
  }
}

export const resultPaths: Paths = {
  '/result/{id}': {
    get: read,
    delete: cancel('deleteResult', 'The same as POST /result/{id}/cancel.'),
  },
  '/result/{id}/cancel': {
    post: cancel(
      'cancelResult',
      'One that is being run is run to its end, but its result is told to nobody.',
    ),
  },
}
