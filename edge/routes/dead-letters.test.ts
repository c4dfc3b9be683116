import { expect, test } from 'vitest'
import { composedEdge } from '../../test/support/composed-edge.ts'

const open = composedEdge({ ALLOW_ANONYMOUS: 'true' })

test.each([
  ['GET', '/dead-letters'],
  ['GET', '/dead-letters/some.model'],
  ['POST', '/dead-letters/some.model/retry'],
  ['DELETE', '/dead-letters/some.model'],
])('%s %s takes a key even where nothing else does, from whatever page it is asked', async (method, path) => {
  for (const headers of [{}, { origin: 'https://page.example' }] as const) {
    const response = await open.request(path, { method, headers })
    expect([response.status, await response.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'forbidden', detail: expect.stringContaining('keys create --admin') }),
    ])
  }
})
