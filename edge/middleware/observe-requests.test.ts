import { expect, test } from 'vitest'
import { composedEdge } from '../../test/support/composed-edge.ts'
import type { ObservedRequest } from '../edge-context.ts'

const observed: ObservedRequest[] = []
const app = composedEdge(
  { ALLOW_ANONYMOUS: 'true' },
  { observe: (request) => void observed.push(request), text: async () => '' },
)

test.each([
  ['GET', '/health', { route: '/health', method: 'GET', status: 200, problem: undefined }],
  [
    'DELETE',
    '/result/some-id',
    { route: '/result/:id', method: 'DELETE', status: 404, problem: 'job-not-found' },
  ],
  ['PUT', '/predict', { route: '/predict', method: 'other', status: 405, problem: 'method-not-allowed' }],
  ['GET', '/nothing/here', { route: 'none', method: 'GET', status: 404, problem: 'route-not-found' }],
  ['OPTIONS', '/stats', { route: '/stats', method: 'OPTIONS', status: 204, problem: undefined }],
])('%s %s is told by what is registered there, never by what was asked for', async (method, path, told) => {
  await app.request(path, { method })
  expect(observed.at(-1)).toEqual({ ...told, ms: expect.any(Number) })
})
