import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PublicBatch, publicBatchSchema } from '../../shared/public-batch.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

/** A pool serves the first; that of the second has announced its model and gone. */
let stack: TestStack
let idle: TestStack
beforeAll(async () => {
  stack = await testStack()
  idle = await testStack({ edgeBindings: { MAX_BACKLOG: '10' } })
  await idle.pools[0]?.stop()
})
afterAll(async () => {
  await stack?.close()
  await idle?.close()
})

const coffee = example('coffee.png')
const cat = example('cat.jpg')
const damaged = cat.subarray(0, cat.length / 2)
const base64 = (bytes: Buffer) => bytes.toString('base64')

interface CallOptions {
  on?: TestStack
  headers?: Record<string, string>
}

function sendForm(
  photos: readonly Buffer[],
  { on = stack, headers = {} }: CallOptions = {},
): Promise<Response> {
  const form = new FormData()
  for (const photo of photos) form.append('image', new Blob([new Uint8Array(photo)]), 'photo')
  return fetch(`${on.edge.url}/predict`, { method: 'POST', body: form, headers })
}

function sendJson(body: object, { on = stack, headers = {} }: CallOptions = {}): Promise<Response> {
  return fetch(`${on.edge.url}/predict`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
}

async function batch(response: Response): Promise<PublicBatch> {
  return publicBatchSchema.parse(await response.json())
}

const topOf = ({ items }: PublicBatch) => items.map(({ job }) => job?.predictions?.[0]?.label)
/** Results of other tests will not do. */
const ASYNC = { prefer: 'respond-async', 'cache-control': 'no-store' }

describe('several images in one call', () => {
  test.each([
    ['a form', () => sendForm([coffee, cat])],
    ['JSON', () => sendJson({ images: [base64(coffee), `data:image/jpeg;base64,${base64(cat)}`] })],
  ])('in %s come back in their order, each with its result', async (_, send) => {
    const response = await send()
    expect(response.status).toBe(200)
    const body = await batch(response)
    expect(body).toMatchObject({
      id: expect.stringMatching(/^batch_[\w-]{22}\.efficientnet-lite0$/),
      ...{ status: 'completed', success: true, model: MODEL, model_version: '1' },
      counts: { total: 2, succeeded: 2, refused: 0 },
    })
    expect(body.items.map(({ index }) => index)).toEqual([0, 1])
    expect(topOf(body)).toEqual(['espresso', expect.stringMatching(/^(tiger_cat|Egyptian_cat)$/)])
  })

  test('are jobs of their own, which can be asked for', async () => {
    const [item] = (await batch(await sendForm([coffee, cat]))).items
    const job = (await (await fetch(item?.job?.urls.get ?? '')).json()) as object
    expect(job).toMatchObject({ id: item?.job?.id, status: 'succeeded' })
  })

  test('with a Cancel-After that is none, or too long, are refused as a call', async () => {
    for (const cancelAfter of ['soon', '999999s']) {
      const refused = await sendForm([coffee, cat], { headers: { ...ASYNC, 'cancel-after': cancelAfter } })
      expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid-request' }])
    }
  })

  test('are a batch even if the list has one; one alone is a job', async () => {
    expect((await batch(await sendJson({ images: [base64(coffee)] }))).counts.total).toBe(1)
    const job = await (await sendJson({ image: base64(coffee) })).json()
    expect(job).toMatchObject({ status: 'succeeded', predictions: [{ label: 'espresso' }, {}, {}, {}, {}] })
  })

  test('fail each for itself: the others have their results', async () => {
    const images = [base64(coffee), base64(damaged), '***', '', base64(Buffer.from('no photo')), base64(cat)]
    const response = await sendJson({ images })
    expect(response.status).toBe(200)
    const body = await batch(response)
    expect(body).toMatchObject({ status: 'completed', success: false })
    expect(body.counts).toMatchObject({ total: 6, succeeded: 2, refused: 4 })
    expect(body.items.map(({ error }) => error?.code ?? null)).toEqual([
      ...[null, 'undecodable-image', 'invalid-request', 'empty-image', 'unsupported-image', null],
    ])
    expect(body.items[1]).toMatchObject({
      job: null,
      error: { title: 'The image cannot be decoded', retryable: false },
    })
  })

  test('that are all refused for what they are still are a batch', async () => {
    const body = await batch(await sendForm([damaged, damaged]))
    expect(body).toMatchObject({ status: 'completed', success: false, counts: { refused: 2 } })
    expect(await batch(await stack.get(`/result/${body.id}`))).toEqual(body)
  })

  test.each([
    ['more than a call may have', () => sendForm(Array(17).fill(coffee)), 400, 'invalid-request'],
    ['none', () => sendJson({ images: [] }), 400, 'invalid-request'],
    ['an unknown field among them', () => sendJson({ image: base64(cat), top_k: 3 }), 400, 'invalid-request'],
    [
      'a model that is not there',
      () => fetch(`${stack.edge.url}/predict?model=none`, formOf(cat, cat)),
      404,
      'model-not-found',
    ],
    [
      'events of a webhook that is not named',
      () => sendJson({ image: base64(cat), webhook_events: ['failed'] }),
      400,
      'invalid-request',
    ],
    [
      'a webhook at a private address',
      () => sendJson({ image: base64(cat), webhook_url: 'http://127.0.0.1/hook' }),
      400,
      'invalid-request',
    ],
  ])('%s: the call is refused', async (_, send, status, code) => {
    const response = await send()
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ code, success: false })
  })
})

function formOf(...photos: Buffer[]): RequestInit {
  const body = new FormData()
  for (const photo of photos) body.append('image', new Blob([new Uint8Array(photo)]), 'photo')
  return { method: 'POST', body }
}

describe('a batch that is not waited for', () => {
  test('is 202 with where to ask, and has its results there', async () => {
    const response = await sendForm([coffee, cat], { headers: ASYNC })
    expect(response.status).toBe(202)
    expect(response.headers.get('preference-applied')).toBe('respond-async')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    const accepted = await batch(response)
    expect(accepted).toMatchObject({ status: 'queued', success: false, counts: { queued: 2 } })
    expect(response.headers.get('location')).toBe(`/result/${accepted.id}`)

    const result = await stack.get(`/result/${accepted.id}?wait=60`)
    expect(result.status).toBe(200)
    expect(await batch(result)).toMatchObject({ id: accepted.id, status: 'completed', success: true })
  })

  test('tells by events what becomes of it', async () => {
    const { id } = await batch(await sendForm([coffee, damaged], { headers: ASYNC }))
    const follow = (headers = {}) =>
      fetch(`${stack.edge.url}/result/${id}`, { headers: { accept: 'text/event-stream', ...headers } })
    const response = await follow()
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const events = (await response.text()).split('\n\n').filter((event) => event.startsWith('event: '))
    const [last = ''] = events.slice(-1)
    expect(last).toMatch(/^event: completed\nid: 2\ndata: /)
    const data = JSON.parse(last.split('\ndata: ')[1] ?? '')
    expect(publicBatchSchema.parse(data)).toMatchObject({ id, counts: { succeeded: 1, refused: 1 } })
    expect((await follow({ 'last-event-id': '2' })).status).toBe(204)
  })

  test('can be canceled, with all that has not ended', async () => {
    const { id, urls } = await batch(await sendForm([coffee, cat, damaged], { on: idle, headers: ASYNC }))
    expect((await idle.get(`/result/${id}`)).status).toBe(202)
    const canceled = await fetch(urls.cancel, { method: 'POST' })
    expect(canceled.status).toBe(200)
    expect(await batch(canceled)).toMatchObject({
      ...{ id, status: 'completed', success: false, counts: { canceled: 2, refused: 1 } },
    })
    expect(await batch(await fetch(urls.get, { method: 'DELETE' }))).toMatchObject({
      counts: { canceled: 2 },
    })
  })

  test('is gone when the results of all its jobs are', async () => {
    const { id, items } = await batch(await sendForm([coffee, cat]))
    for (const { job } of items)
      await stack.redis.hset(stack.keys.job(MODEL, job?.id ?? ''), 'result_ttl', '1')
    const response = await stack.get(`/result/${id}`)
    expect(response.status).toBe(410)
    expect(await response.json()).toMatchObject({ code: 'result-expired' })
  })
})

test('where the queue is full for all of them, the call is refused and nothing stays of it', async () => {
  const held = await batch(await sendForm(Array(10).fill(coffee), { on: idle, headers: ASYNC }))
  expect(held.counts).toMatchObject({ total: 10, queued: 10 })
  const back = idle.keys.back({ model: MODEL, version: '1' })
  const before = (await idle.redis.keys(`${idle.keys.prefix}*`)).filter((key) => key !== back)
  const headers = { ...ASYNC, 'idempotency-key': 'full' }
  const response = await sendForm([coffee, cat], { on: idle, headers })
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await response.json()).toMatchObject({ code: 'queue-full' })
  expect((await idle.redis.keys(`${idle.keys.prefix}*`)).sort()).toEqual([...before, back].sort())
  await fetch(held.urls.cancel, { method: 'POST' })
})

describe('with an Idempotency-Key', () => {
  const headers = (key: string) => ({ 'idempotency-key': key })

  test('a call that is repeated gets the same batch, and nothing is run twice', async () => {
    const first = await batch(await sendForm([coffee, damaged], { headers: headers('one') }))
    const again = await batch(await sendForm([coffee, damaged], { headers: headers('one') }))
    expect(again).toEqual(first)
    expect((await batch(await sendForm([coffee, damaged], { headers: headers('two') }))).id).not.toBe(
      first.id,
    )
  })

  test('another call is refused, be it with other images or with one alone', async () => {
    await batch(await sendForm([coffee, cat], { headers: headers('mine') }))
    for (const photos of [[cat, coffee], [coffee]]) {
      const response = await sendForm(photos, { headers: headers('mine') })
      expect(response.status).toBe(422)
      expect(await response.json()).toMatchObject({ code: 'idempotency-mismatch' })
    }
  })
})

test('with API keys a batch is its owner’s, each image counts for the rate, and strangers find nothing', async () => {
  const keyed = await testStack({ edgeBindings: { ALLOW_ANONYMOUS: 'false' } })
  try {
    const [mine, others, admin] = [
      (await storeApiKey(keyed, { rate: { limit: 2, window_seconds: 3_600 } })).token,
      (await storeApiKey(keyed)).token,
      (await storeApiKey(keyed, { admin: true })).token,
    ]
    const as = (token: string) => ({ authorization: `Bearer ${token}` })
    const response = await sendForm([coffee, cat], { on: keyed, headers: as(mine) })
    expect(response.headers.get('ratelimit')).toMatch(/;r=0;/)
    const made = await batch(response)
    expect(made.success).toBe(true)

    const limited = await sendForm([coffee, cat], { on: keyed, headers: as(mine) })
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)

    const read = async (key: string, method = 'GET') =>
      (await fetch(made.urls.get, { method, headers: as(key) })).status
    expect([await read(mine), await read(admin), await read(others), await read(others, 'DELETE')]).toEqual([
      ...[200, 200, 404, 404],
    ])
  } finally {
    await keyed.close()
  }
})
