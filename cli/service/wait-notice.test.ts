import { expect, test } from 'vitest'
import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { answeringServer, json } from '../../test/support/answering-server.ts'
import { cli } from '../../test/support/cli-session.ts'
import { WaitNotice } from './wait-notice.ts'

const PHOTOS = ['examples/cat.jpg', 'examples/rocket.jpg']
const health = json(200, { status: 'ok' })
const succeeded = { id: 'a.m', status: 'succeeded', success: true, predictions: [], error: null }
const away = (retryAfter: string) =>
  json(
    503,
    {
      ...{ code: 'queue-unavailable', title: 'The queue cannot be reached', request_id: 'r1' },
      ...{ detail: 'Nothing was lost.', retryable: true },
    },
    { 'retry-after': retryAfter },
  )

function notice() {
  const told: string[] = []
  return { told, notice: new WaitNotice('edge:1', (line) => void told.push(line)) }
}

const full = new EdgebatchError({ code: 'queue-full', title: 'The queue is full', detail: 'n', status: 503 })
const gone = new EdgebatchError({
  ...{ code: 'unreachable', detail: 'No answer came.' },
  cause: new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }),
})

test('each cause is told once, with when it is tried again', () => {
  const { notice: waiting, told } = notice()
  for (const error of [full, full, gone, full, gone]) waiting.waits(error, 5_100)
  waiting.waits(new EdgebatchError({ code: 'unexpected-answer', detail: 'n', status: 502 }), 10)
  expect(told).toEqual([
    'edge:1 says queue-full: The queue is full; trying again in 5 s',
    'cannot reach the edge at edge:1: connect ECONNREFUSED; trying again in 5 s',
    'what answers at edge:1 is no edge of edgebatch (HTTP 502); trying again in 1 s',
  ])
})

test('who gives up is told what stands in the way, and nothing where nothing does', () => {
  const { notice: waiting, told } = notice()
  waiting.gaveUp()
  waiting.waits(full, 1_000)
  waiting.served()
  waiting.gaveUp()
  expect(told).toHaveLength(1)
  waiting.waits(full, 1_000)
  waiting.gaveUp()
  expect(told.slice(1)).toEqual(['last, edge:1 says queue-full: The queue is full'])
})

test('a refusal is told while it is waited for, and not once a photo', async () => {
  const { url } = await answeringServer(health, away('0'), away('0'), json(200, succeeded))
  const { code, stderr } = await cli({ environment: { EDGEBATCH_URL: url } }, 'predict', ...PHOTOS)
  expect(code).toBe(0)
  expect(stderr.match(/says queue-unavailable: The queue cannot be reached; trying again in/g)).toHaveLength(
    1,
  )
})

test('Ctrl-C meanwhile says what it was that was waited for', async () => {
  const { url } = await answeringServer(health, away('50'))
  const stop = new AbortController()
  const onLine = (line: string) => line.includes('trying again in') && stop.abort()
  const session = { environment: { EDGEBATCH_URL: url }, onLine, stopped: stop.signal }
  const { code, stderr } = await cli(session, 'predict', ...PHOTOS)
  expect(code).toBe(130)
  expect(stderr).toMatch(/last, \S+ says queue-unavailable: The queue cannot be reached \(request r1\)\n/)
})

test('who is given up on is told the cause, and by what id to ask about it', async () => {
  const { url } = await answeringServer(health, away('0'))
  const { code, stderr } = await cli({ environment: { EDGEBATCH_URL: url } }, 'predict', ...PHOTOS)
  expect(code).toBe(75)
  expect(stderr).toMatch(
    /says queue-unavailable: The queue cannot be reached\. Nothing was lost\. \(request r1\)\n$/,
  )
})

test('a model that must be named is asked for by the flag', async () => {
  const problem = { code: 'model-required', detail: 'Add ?model= with one of: a, b.', retryable: false }
  const { url } = await answeringServer(health, json(400, problem))
  const { code, stderr } = await cli({ environment: { EDGEBATCH_URL: url } }, 'predict', ...PHOTOS)
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/says model-required: Add --model with one of: a, b\.\n$/),
  })
})
