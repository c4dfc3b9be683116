import { jsonResponse, OPEN, type Paths, textResponse } from './operation.ts'
import { KEYED, problemResponses } from './problem-responses.ts'

export const servicePaths: Paths = {
  '/models': {
    get: {
      operationId: 'listModels',
      tags: ['Service'],
      summary: 'List the models',
      description: 'What POST /predict takes in ?model= and ?version=, of this caller.',
      responses: { 200: jsonResponse('The models, by name.', 'Models'), ...problemResponses(...KEYED) },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      tags: ['Service'],
      summary: 'This document',
      ...OPEN,
      responses: {
        200: textResponse('OpenAPI 3.1.', 'application/json', {
          type: 'object',
          required: ['openapi', 'paths'],
        }),
        ...problemResponses(),
      },
    },
  },
  '/docs': {
    get: {
      operationId: 'getReference',
      tags: ['Service'],
      summary: 'The reference, for people',
      ...OPEN,
      responses: { 200: textResponse('This document as a page.', 'text/html'), ...problemResponses() },
    },
  },
  '/dashboard': {
    get: {
      operationId: 'getDashboard',
      tags: ['Service'],
      summary: 'What goes on, for who runs the service',
      description: 'A page, which asks for an API key of an administrator itself.',
      ...OPEN,
      responses: { 200: textResponse('The page.', 'text/html'), ...problemResponses() },
    },
  },
  '/health': {
    get: {
      operationId: 'getHealth',
      tags: ['Service'],
      summary: 'Whether the edge runs',
      ...OPEN,
      responses: {
        200: jsonResponse('It does; nothing else was looked at.', 'Health'),
        ...problemResponses(),
      },
    },
  },
  '/ready': {
    get: {
      operationId: 'getReadiness',
      tags: ['Service'],
      summary: 'Whether an image would be served now',
      ...OPEN,
      responses: {
        200: jsonResponse('A worker pool lives that serves a model, and is not stuck.', 'Ready'),
        ...problemResponses('no-pool', 'queue-unavailable'),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      tags: ['Service'],
      summary: 'What /stats says, for Prometheus',
      description:
        'For who runs the service: takes an API key of an administrator. An edge on Node tells what it has counted, too.',
      responses: {
        200: textResponse('Metrics in Prometheus’ text format.', 'text/plain'),
        ...problemResponses(...KEYED, 'forbidden'),
      },
    },
  },
  '/': {
    get: {
      operationId: 'getRoot',
      tags: ['Service'],
      summary: 'Where to go from here',
      ...OPEN,
      responses: { 200: rootResponse(), ...problemResponses() },
    },
  },
}

function rootResponse() {
  const json = jsonResponse(
    'Links as JSON; or the playground, a page, where text/html is preferred.',
    'Links',
  )
  return { ...json, content: { ...json.content, 'text/html': { schema: { type: 'string' } } } }
}
