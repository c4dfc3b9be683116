import { expect, test } from 'vitest'
import { newApiKey } from '../../shared/api-key.ts'
import { type Answer, answeringServer, json } from '../../test/support/answering-server.ts'
import { cli } from '../../test/support/cli-session.ts'
import type { Check } from '../../worker-pool/machine/doctor/check.ts'

const EDGEBATCH_API_KEY = newApiKey().token
const openApi = json(200, { info: { version: '0' } })
const health = json(200, { status: 'ok' })

/** What the doctor finds of an edge whose queue or key is as `refusal` says. */
async function examined(refusal: Answer, environment: Record<string, string> = {}) {
  const { url } = await answeringServer(health, openApi, health, refusal)
  const { code, stdout } = await cli(
    { environment: { EDGEBATCH_URL: url, ...environment } },
    'doctor',
    '--json',
  )
  const { checks } = JSON.parse(stdout) as { checks: Check[] }
  return { code, found: (name: string) => checks.find((check) => check.name === name) }
}

const problem = (status: number, code: string, title: string) =>
  json(
    status,
    { code, title, detail: 'Nothing was lost. Try again.', retryable: true },
    { 'retry-after': '0' },
  )

test('an edge whose Redis is away says nothing of keys: Redis is to be mended', async () => {
  const away = problem(503, 'queue-unavailable', 'The queue cannot be reached')
  const environment = { EDGEBATCH_API_KEY, REDIS_URL: 'redis://127.0.0.1:1' }
  const { code, found } = await examined(away, environment)
  expect(code).toBe(1)
  expect(found('Redis')?.fix).toBe('start Redis, or correct REDIS_URL')
  expect(found("edge's readiness")).toMatchObject({
    found: 'queue-unavailable: The queue cannot be reached',
    fix: expect.stringMatching(/^start Redis and the gateway/),
  })
  expect(found('API key')).toMatchObject({
    found: expect.stringMatching(/^could not be checked: \S+ says queue-unavailable/),
    fix: expect.stringMatching(/^start Redis and the gateway/),
  })
  expect(found('pools')?.fix).toMatch(/^mend what is missing above/)
})

test('a key that is refused is to be corrected', async () => {
  const { found } = await examined(problem(401, 'unauthorized', 'No valid API key'), { EDGEBATCH_API_KEY })
  expect(found('API key')).toMatchObject({
    state: 'missing',
    fix: expect.stringMatching(/^correct EDGEBATCH/),
  })
})
