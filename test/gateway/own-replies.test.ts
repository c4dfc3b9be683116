import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { freshKeys, type TestGateway, testGateway } from '../support/gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await testGateway(inject('redisUrl'))
})

afterAll(() => gateway.close())

interface Expected {
  status: number
  body: unknown
}
type Request = [path: string, body: unknown, headers: Record<string, string>, expected: Expected]

const BASE64 = { 'Upstash-Encoding': 'base64' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** All kinds of requests, whose answers name the request they belong to. */
function requestsOf(n: number, key: string): Request[] {
  const mark = `request ${n}`
  const unknown = { error: `ERR unknown command 'NOSUCH', with args beginning with: '${mark}' ` }
  const refused = { error: "ERR Command is not available: 'BLPOP'" }
  const wrongType = { error: 'ERR value is not an integer or out of range' }
  const results = [{ result: mark }, unknown, { result: [n, [mark]] }]
  const commands = [
    ['ECHO', mark],
    ['NOSUCH', mark],
    ['EVAL', 'return {tonumber(ARGV[1]), {ARGV[2]}}', 0, n, mark],
  ]
  const transaction = [
    ['SET', `${key}:${n}`, mark],
    ['INCR', `${key}:${n}`],
    ['GET', `${key}:${n}`],
  ]
  const queued = "ERR wrong number of arguments for 'get' command"
  return [
    ['/', ['ECHO', mark], {}, { status: 200, body: { result: mark } }],
    ['/', ['ECHO', mark], BASE64, { status: 200, body: { result: base64(mark) } }],
    ['/', ['NOSUCH', mark], {}, { status: 400, body: unknown }],
    [`/echo/${encodeURIComponent(mark)}`, '', {}, { status: 200, body: { result: mark } }],
    ['/echo', mark.repeat(5_000), {}, { status: 200, body: { result: mark.repeat(5_000) } }],
    ['/pipeline', commands, {}, { status: 200, body: results }],
    ['/pipeline', [['BLPOP', 'x', 0], ...commands], {}, { status: 200, body: [refused, ...results] }],
    ['/multi-exec', transaction, {}, { status: 200, body: [{ result: 'OK' }, wrongType, { result: mark }] }],
    [
      '/multi-exec',
      [['ECHO', mark], ['GET']],
      {},
      { status: 400, body: { error: expect.stringMatching(/^EXECABORT/) } },
    ],
    ['/', `["ECHO", "${mark}"`, {}, { status: 400, body: { error: expect.stringContaining('not JSON') } }],
    ['/', ['GET'], {}, { status: 400, body: { error: queued } }],
  ]
}

test('each of many requests at once, good and wrong, has its own answer', async () => {
  const key = freshKeys()('k')
  const requests = Array.from({ length: 60 }, (_, n) => requestsOf(n, key)).flat()
  // A fixed shuffle: kinds of requests stand beside one another in all ways.
  const order = requests.map((request, i) => ({ request, place: (i * 7_919) % requests.length }))
  const shuffled = order.toSorted((a, b) => a.place - b.place).map(({ request }) => request)
  const gone = Array.from({ length: 20 }, () => leavingRequest())
  const answers = await Promise.all(
    shuffled.map(async ([path, body, headers]) => {
      const response = await gateway.post(path, body, headers)
      return { status: response.status, body: await response.json() }
    }),
  )
  await Promise.all(gone)
  expect(answers).toEqual(shuffled.map(([, , , expected]) => expected))
})

/** A client that goes before it has its answer. */
async function leavingRequest(): Promise<void> {
  const leaving = new AbortController()
  const answer = fetch(gateway.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.token}` },
    body: JSON.stringify(['ECHO', 'of one who has gone'.repeat(1_000)]),
    signal: leaving.signal,
  })
  setImmediate(() => leaving.abort())
  await answer.catch(() => {})
}
