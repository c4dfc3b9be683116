import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../edge/openapi/document.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { ApiContract } from '../support/api-contract.ts'
import { loseJobs } from '../support/lost-jobs.ts'
import { example } from '../support/photos.ts'
import { MODEL, poolsOf, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

/** In the order of the file: what a pool serves, what is refused, what waits when no pool is there, and what is said without Redis. */

const MAX_UPLOAD_BYTES = 2_000_000
const photo = new Blob([new Uint8Array(example('cat.jpg'))])

let stack: TestStack
let contract: ApiContract
let token: string
let admin: string
beforeAll(async () => {
  stack = await testStack({
    edgeBindings: { ALLOW_ANONYMOUS: 'false', MAX_UPLOAD_BYTES: String(MAX_UPLOAD_BYTES), MAX_BACKLOG: '6' },
  })
  contract = new ApiContract((await (await stack.get('/openapi.json')).json()) as OpenApiDocument)
  token = (await storeApiKey(stack)).token
  admin = (await storeApiKey(stack, { admin: true })).token
})
afterAll(() => stack?.close())

/** What takes an administrator's key. */
const ADMINISTRATION = [
  ...['GET /stats', 'GET /stats/history', 'GET /metrics', 'GET /dead-letters', 'GET /dead-letters/{id}'],
  ...['DELETE /dead-letters/{id}', 'POST /dead-letters/{id}/retry'],
]

interface Asked {
  id?: string
  query?: string
  headers?: Record<string, string>
  body?: NonNullable<RequestInit['body']>
}

/** An operation of the document, with the key of a caller who may do most; the answer was held against the document. */
async function ask<T = unknown>(operation: string, { id = '', query = '', headers = {}, body }: Asked = {}) {
  const path = operation.split(' ')[1]?.replace('{id}', id)
  const authorization = `Bearer ${token}`
  const answer = await contract.request(stack.edge.url + path + query, operation, {
    headers: { authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return { ...answer, status: answer.response.status, body: answer.body as T }
}

const form = (...images: Blob[]) => {
  const made = new FormData()
  for (const image of images) made.append('image', image)
  return made
}
const EVENTS = { accept: 'text/event-stream' }
const predict = (asked: Asked) => ask<PublicJob>('POST /predict', asked)
const refusal = ({ status, body }: { status: number; body: unknown }) => [
  status,
  (body as { code: string }).code,
]

describe('while a pool serves', () => {
  test('a job is answered as the document says: to its caller, and to who asks again', async () => {
    const { status, body: job } = await predict({ body: photo, headers: { prefer: 'wait=60' } })
    expect([status, job.status]).toEqual([200, 'succeeded'])
    expect((await ask('GET /result/{id}', { id: job.id })).body).toMatchObject({ id: job.id, success: true })
    expect((await ask('POST /result/{id}/cancel', { id: job.id })).body).toMatchObject({ success: true })
    expect((await ask('DELETE /result/{id}', { id: job.id })).body).toMatchObject({ success: true })
  })

  test('so is a batch, in which an image may be refused', async () => {
    const { status, body: batch } = await ask<PublicBatch>('POST /predict', {
      body: form(photo, new Blob(['no image'])),
      headers: { prefer: 'wait=60' },
    })
    expect([status, batch.counts]).toMatchObject([200, { total: 2, succeeded: 1, refused: 1 }])
    for (const operation of ['GET /result/{id}', 'POST /result/{id}/cancel', 'DELETE /result/{id}'])
      expect((await ask(operation, { id: batch.id })).body).toMatchObject({
        id: batch.id,
        status: 'completed',
      })
  })

  test('so are events, each of which holds a job', async () => {
    const { body: events } = await ask<string>('POST /predict', { body: photo, headers: EVENTS })
    const jobs = events.match(/(?<=^data: ).*/gm)?.map((data) => JSON.parse(data) as PublicJob) ?? []
    for (const job of jobs) await contract.expectValid({ $ref: '#/components/schemas/Job' }, job, 'an event')
    const { id = '' } = jobs.at(-1) ?? {}
    const again = await ask<string>('GET /result/{id}', { id, headers: EVENTS })
    const last =
      again.body
        .match(/^id: .*/gm)
        ?.at(-1)
        ?.slice(4) ?? ''
    expect(
      (await ask('GET /result/{id}', { id, headers: { ...EVENTS, 'last-event-id': last } })).status,
    ).toBe(204)
  })

  test('so is a job whose end a webhook is told of, asked for in the query, a form or JSON', async () => {
    const url = 'https://receiver.invalid/hook'
    const inForm = form(photo)
    inForm.append('webhook_url', url)
    inForm.append('webhook_events', 'succeeded,failed')
    const image = Buffer.from(await photo.arrayBuffer()).toString('base64')
    const inJson = JSON.stringify({ image, webhook_url: url, webhook_events: ['succeeded', 'failed'] })
    for (const asked of [
      { query: `?webhook_url=${encodeURIComponent(url)}&webhook_events=succeeded,failed`, body: photo },
      { body: inForm },
      { body: inJson, headers: { 'content-type': 'application/json' } },
    ])
      expect((await predict(asked)).body.webhook).toMatchObject({ url })
  })

  test('so is what the service says of itself', async () => {
    for (const path of ['/models', '/openapi.json', '/docs', '/dashboard', '/health', '/ready', '/'])
      expect((await ask(`GET ${path}`)).status).toBe(200)
    expect((await ask('GET /', { headers: { accept: 'text/html' } })).status).toBe(200)
    for (const operation of ['GET /stats', 'GET /stats/history', 'GET /metrics'])
      expect((await ask(operation, { headers: { authorization: `Bearer ${admin}` } })).status).toBe(200)
  })
})

describe('refusals', () => {
  test.each([
    [400, 'invalid-request', '?encoding_format=hex', {}, () => photo],
    [400, 'missing-image', '', {}, () => new FormData()],
    [400, 'empty-image', '', {}, () => form(new Blob([]))],
    [401, 'unauthorized', '', { authorization: 'Bearer nobody' }, () => photo],
    [403, 'forbidden', '', { 'x-priority': 'high' }, () => photo],
    [404, 'model-not-found', '?model=nothing', {}, () => photo],
    [413, 'body-too-large', '', {}, () => new Blob([new Uint8Array(MAX_UPLOAD_BYTES + 1)])],
    [415, 'unsupported-image', '', {}, () => new Blob(['%PDF-1.7'])],
    [422, 'undecodable-image', '', {}, () => photo.slice(0, 2_000)],
  ] as [number, string, string, Record<string, string>, () => Blob | FormData][])(
    'POST /predict answers %d %s',
    async (status, code, query, headers, body) => {
      expect(refusal(await predict({ query, headers, body: body() }))).toEqual([status, code])
    },
  )

  test('a key that was used for another image, and one whose rate is used up', async () => {
    const headers = { 'idempotency-key': crypto.randomUUID() }
    await predict({ body: photo, headers })
    const other = new Blob([new Uint8Array(example('coffee.png'))])
    expect(refusal(await predict({ body: other, headers }))).toEqual([422, 'idempotency-mismatch'])
    const slow = (await storeApiKey(stack, { rate: { limit: 1, window_seconds: 86_400 } })).token
    const limited = () => predict({ body: photo, headers: { authorization: `Bearer ${slow}` } })
    expect((await limited()).response.headers.get('ratelimit')).toMatch(/^"default";r=0/)
    expect(refusal(await limited())).toEqual([429, 'rate-limited'])
  })

  test('whoever asks for a job', async () => {
    const { body: job } = await predict({ body: photo, headers: { prefer: 'wait=60' } })
    for (const operation of ['GET /result/{id}', 'POST /result/{id}/cancel', 'DELETE /result/{id}']) {
      const { id } = job
      expect((await ask(operation, { id, query: '?encoding_format=hex' })).status).toBe(400)
      expect((await ask(operation, { id, headers: { authorization: 'Bearer nobody' } })).status).toBe(401)
      expect((await ask(operation, { id: 'none' })).status).toBe(404)
    }
    for (const wait of ['-1', '1.5', '1e3', 'long', ''])
      expect((await ask('GET /result/{id}', { id: job.id, query: `?wait=${wait}` })).status).toBe(400)
    // As it is once it was kept as long as promised.
    await stack.redis.hset(stack.keys.job(MODEL, job.id), 'result_ttl', '0')
    for (const operation of ['GET /result/{id}', 'POST /result/{id}/cancel', 'DELETE /result/{id}'])
      expect(refusal(await ask(operation, { id: job.id }))).toEqual([410, 'result-expired'])
  })

  test('who asks about the service', async () => {
    for (const operation of ['GET /models', ...ADMINISTRATION])
      expect((await ask(operation, { headers: { authorization: 'Bearer nobody' } })).status).toBe(401)
    for (const operation of ADMINISTRATION) expect((await ask(operation)).status).toBe(403)
  })

  test('addresses and methods that are not listed are problems as the document has them', async () => {
    for (const [method, path, status] of [
      ['GET', '/nothing', 404],
      ['PUT', '/predict', 405],
      ['POST', '/docs', 405],
      ['DELETE', '/openapi.json', 405],
    ] as const) {
      const response = await fetch(stack.edge.url + path, {
        method,
        headers: { authorization: `Bearer ${token}` },
      })
      expect(response.status).toBe(status)
      await contract.expectValid({ $ref: '#/components/schemas/Problem' }, await response.json(), path)
    }
  })
})

describe('when no pool is there', () => {
  test('jobs wait, can be canceled, and are refused when the queue is full', async () => {
    await stack.pools[0]?.stop()
    const headers = { prefer: 'respond-async', 'cache-control': 'no-store' }
    const { status, body: job } = await predict({ body: photo, headers })
    expect([status, job.status]).toEqual([202, 'queued'])
    expect((await ask('GET /result/{id}', { id: job.id, query: '?wait=0' })).status).toBe(202)
    expect((await ask('DELETE /result/{id}', { id: job.id })).body).toMatchObject({ status: 'canceled' })
    const batch = await predict({ body: form(photo, photo), headers })
    expect(batch.status).toBe(202)
    const canceled = await ask('POST /result/{id}/cancel', { id: batch.body.id })
    expect(canceled.body).toMatchObject({ status: 'completed', counts: { canceled: 2 } })
    let answer = await predict({ body: photo, headers })
    while (answer.status === 202) answer = await predict({ body: photo, headers })
    expect(refusal(answer)).toEqual([503, 'queue-full'])
    while ((await ask('GET /ready')).status === 200);
  })
})

describe('dead letters', () => {
  const asAdmin = (operation: string, asked: Asked = {}) =>
    ask<{ id: string; dead_letters: { id: string }[] }>(operation, {
      ...asked,
      headers: { authorization: `Bearer ${admin}` },
    })

  test('are listed, looked at, retried and dropped', async () => {
    const [one = '', two = '', three = ''] = await loseJobs(poolsOf(stack), { model: MODEL, version: '1' }, 3)
    const { body } = await asAdmin('GET /dead-letters', { query: `?model=${MODEL}&limit=2` })
    expect(body.dead_letters).toHaveLength(2)
    expect((await asAdmin('GET /dead-letters/{id}', { id: one })).body.id).toBe(one)
    expect((await asAdmin('POST /dead-letters/{id}/retry', { id: one })).status).toBe(200)
    expect((await asAdmin('DELETE /dead-letters/{id}', { id: two })).status).toBe(204)
    await stack.redis.del(stack.keys.input(MODEL, three))
    const expired = await asAdmin('POST /dead-letters/{id}/retry', { id: three })
    expect(refusal(expired)).toEqual([410, 'input-expired'])
  })

  test('that are none, or damaged, are refused', async () => {
    for (const operation of ADMINISTRATION.filter((operation) => operation.includes('{id}')))
      expect(refusal(await asAdmin(operation, { id: 'none' }))).toEqual([404, 'dead-letter-not-found'])
    const id = newJobId(MODEL)
    await stack.redis.xadd(stack.keys.dead(MODEL), '*', 'job', id, 'fields', '{')
    const damaged = await asAdmin('POST /dead-letters/{id}/retry', { id })
    expect(refusal(damaged)).toEqual([409, 'dead-letter-unreadable'])
    for (const query of ['?model=A', '?limit=0', '?limit=1e3', '?after=x'])
      expect(refusal(await asAdmin('GET /dead-letters', { query }))).toEqual([400, 'invalid-request'])
  })
})

describe('when Redis is away', () => {
  test('everything that needs it says so', async () => {
    await stack.gateway.service.stop()
    for (const operation of ['GET /result/{id}', 'POST /result/{id}/cancel', 'DELETE /result/{id}'])
      expect(refusal(await ask(operation, { id: 'x'.repeat(22).concat('.', MODEL) }))).toEqual([
        503,
        'queue-unavailable',
      ])
    // What it knows of models and keys, it knows for some seconds more.
    for (const operation of ['GET /models', ...ADMINISTRATION])
      while (
        (await ask(operation, { id: newJobId(MODEL), headers: { authorization: `Bearer ${admin}` } }))
          .status !== 503
      );
  })
})

test('every answer that the document lists has been seen, but for those that nobody can ask for', () => {
  const unseen = contract.unseen().filter((answer) => !/ 500 application\/problem\+json$/.test(answer))
  expect(unseen).toEqual([
    // test/hostile has the first; the second takes two requests at the same instant.
    'POST /predict 408 application/problem+json',
    'POST /predict 409 application/problem+json',
  ])
})
