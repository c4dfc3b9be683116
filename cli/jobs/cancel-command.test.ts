import { expect, test } from 'vitest'
import { answeringServer, json } from '../../test/support/answering-server.ts'
import { cli } from '../../test/support/cli-session.ts'

const [a, b, c] = ['a', 'b', 'c'].map((letter) => `${letter.repeat(22)}.model`) as [string, string, string]
const health = json(200, { status: 'ok' })
const gone = json(404, { code: 'job-not-found', detail: 'There is no such job.', retryable: false })

test('a job that is gone costs the others nothing, and is told', async () => {
  const answers = [json(200, { id: a, status: 'canceled' }), gone, json(200, { id: c, status: 'succeeded' })]
  const { url, received } = await answeringServer(health, ...answers)
  const said = await cli({ environment: { EDGEBATCH_URL: url } }, 'cancel', a, b, c)
  expect(received.slice(1).map((request) => request.url)).toEqual(
    [a, b, c].map((id) => `/result/${id}/cancel`),
  )
  expect(said.code).toBe(1)
  expect(said.stdout).toBe(`${a}: canceled\n${c}: succeeded\n`)
  expect(said.stderr).toContain(`${b}: no such job`)
  expect(said.stderr).toContain(`${c} had ended before`)
})

test('what concerns all of them ends it', async () => {
  const refusal = json(401, { code: 'unauthorized', detail: 'No.', retryable: false })
  const { url, received } = await answeringServer(health, refusal)
  expect((await cli({ environment: { EDGEBATCH_URL: url } }, 'cancel', a, b)).code).toBe(1)
  expect(received).toHaveLength(2)
})
