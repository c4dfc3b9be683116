import { expect, test } from 'vitest'
import { composedEdge } from '../test/support/composed-edge.ts'

test('a problem is kept by nobody on the way: the next answer may be another', async () => {
  const app = composedEdge({ ALLOW_ANONYMOUS: 'true' })
  for (const path of ['/nowhere', '/result/x?wait=soon', '/models']) {
    const response = await app.request(path)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
  }
})
