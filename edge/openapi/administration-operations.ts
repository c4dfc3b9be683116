import type { JsonSchema } from './json-schema.ts'
import { jsonResponse, type Paths, parameters } from './operation.ts'
import { KEYED, problemResponses } from './problem-responses.ts'
import { headersOf } from './response-headers.ts'

const FOR_WHOM = 'For who runs the service: takes an API key of an administrator.'
const ADMINISTERED = [...KEYED, 'forbidden'] as const

const stats: JsonSchema = {
  operationId: 'getStats',
  tags: ['Administration'],
  summary: 'See what waits, and who works',
  description: FOR_WHOM,
  responses: {
    200: jsonResponse('By version of a model, and by worker pool.', 'Stats'),
    ...problemResponses(...ADMINISTERED),
  },
}

const history: JsonSchema = {
  operationId: 'getHistory',
  tags: ['Administration'],
  summary: 'See how the last hour was',
  description: `By the minute, for those minutes in which anybody looked. ${FOR_WHOM}`,
  responses: { 200: jsonResponse('Oldest first.', 'History'), ...problemResponses(...ADMINISTERED) },
}

const letters: JsonSchema = {
  operationId: 'listDeadLetters',
  tags: ['Administration'],
  summary: 'List jobs that have lost their last attempt',
  description: `Newest first. ${FOR_WHOM}`,
  parameters: parameters('letterModel', 'limit', 'after'),
  responses: {
    200: jsonResponse('A part of the list.', 'DeadLetters'),
    ...problemResponses(...ADMINISTERED, 'invalid-request'),
  },
}

const letter: JsonSchema = {
  operationId: 'getDeadLetter',
  tags: ['Administration'],
  summary: 'Look at a dead letter',
  description: `All that is known of the job, but for its input. ${FOR_WHOM}`,
  parameters: parameters('jobId'),
  responses: {
    200: jsonResponse('The letter.', 'DeadLetterDetails'),
    ...problemResponses(...ADMINISTERED, 'dead-letter-not-found'),
  },
}

const drop: JsonSchema = {
  operationId: 'dropDeadLetter',
  tags: ['Administration'],
  summary: 'Delete a dead letter and its input',
  description: FOR_WHOM,
  parameters: parameters('jobId'),
  responses: {
    204: { description: 'It is gone.', headers: headersOf() },
    ...problemResponses(...ADMINISTERED, 'dead-letter-not-found'),
  },
}

const retry: JsonSchema = {
  operationId: 'retryDeadLetter',
  tags: ['Administration'],
  summary: 'Make a new job of a dead letter',
  description: `With another id, and to be run alone. The letter is gone then. ${FOR_WHOM}`,
  parameters: parameters('jobId'),
  responses: {
    200: jsonResponse('The new job.', 'Retry'),
    ...problemResponses(
      ...([...ADMINISTERED, 'queue-full', 'dead-letter-not-found'] as const),
      ...(['dead-letter-unreadable', 'input-expired'] as const),
    ),
  },
}

/** What only administrators are shown, and may do. */
export const administrationPaths: Paths = {
  '/stats': { get: stats },
  '/stats/history': { get: history },
  '/dead-letters': { get: letters },
  '/dead-letters/{id}': { get: letter, delete: drop },
  '/dead-letters/{id}/retry': { post: retry },
}
