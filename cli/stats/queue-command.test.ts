import { expect, test } from 'vitest'
import { type Answer, answeringServer, json } from '../../test/support/answering-server.ts'
import { cli } from '../../test/support/cli-session.ts'

const health = json(200, { status: 'ok' })

test('Ctrl-C ends it while the edge owes an answer', async () => {
  const stop = new AbortController()
  const silent: Answer = () => stop.abort()
  const { url } = await answeringServer(health, silent)
  const { code, stderr } = await cli({ environment: { EDGEBATCH_URL: url }, stopped: stop.signal }, 'queue')
  expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
})

test('the edge is asked once: what it refuses is told, rather than waited for', async () => {
  const refusal = json(
    503,
    { code: 'queue-unavailable', detail: 'Redis is away.', retryable: true },
    { 'retry-after': '50' },
  )
  const { url, received } = await answeringServer(health, refusal)
  const { code, stderr } = await cli({ environment: { EDGEBATCH_URL: url } }, 'queue')
  expect(code).toBe(75)
  expect(stderr).toContain('says queue-unavailable: Redis is away.')
  expect(received).toHaveLength(2)
})
