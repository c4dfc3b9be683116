import { expect, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { type Answer, answeringServer, hangUp, json } from '../test/support/answering-server.ts'
import { ClientClock } from '../test/support/client-clock.ts'
import { EdgebatchClient, type EdgebatchError, EdgebatchTimeoutError, predictions } from './index.ts'

/** Given to those who wait no longer. */
const TIMEOUT_MS = 10_000
const PHOTO = new Uint8Array([1, 2, 3])
const queued = { id: 'a.model', status: 'queued', success: false, predictions: null, error: null }
const labels = [{ label: 'cat', probability: 1, index: 0 }]
const succeeded = { ...queued, status: 'succeeded', success: true, predictions: labels }

const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json(status, { code, detail: 'in a test', retryable: true, request_id: 'r1' }, headers)

async function client(
  answers: Answer[],
  options: Partial<ConstructorParameters<typeof EdgebatchClient>[0]> = {},
) {
  const clock = new ClientClock(TIMEOUT_MS)
  const { url, received } = await answeringServer(...answers)
  const made = new EdgebatchClient({ baseUrl: `${url}/`, clock, random: () => 0, ...options })
  return { client: made, clock, received }
}

async function errorOf(promise: Promise<unknown>): Promise<EdgebatchError> {
  return promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error) => error as EdgebatchError,
  )
}

test('an image is sent with all that was asked for', async () => {
  const { client: edgebatch, received } = await client([json(200, succeeded)], { apiKey: 'eb_key' })
  const job = await edgebatch.predict(new Blob([PHOTO], { type: 'image/png' }), {
    ...{ model: 'm', version: '2', encodingFormat: 'base64', priority: 'low', idempotencyKey: 'mine' },
    ...{ cancelAfter: 90, noStore: true, traceparent: 'tp' },
    webhook: { url: 'https://example.com/hook', events: ['succeeded', 'failed'] },
  })
  expect(predictions(job)).toEqual(labels)
  const [request] = received
  expect(request?.url).toBe(
    '/predict?model=m&version=2&encoding_format=base64&webhook_url=https%3A%2F%2Fexample.com%2Fhook&webhook_events=succeeded%2Cfailed',
  )
  expect(request?.headers).toMatchObject({
    ...{ authorization: 'Bearer eb_key', prefer: 'wait=30', 'x-priority': 'low', 'idempotency-key': 'mine' },
    ...{ 'cancel-after': '90', 'cache-control': 'no-store', traceparent: 'tp', 'content-type': 'image/png' },
  })
  expect(request?.body).toEqual(Buffer.from(PHOTO))
})

test.each([
  ['bytes', () => PHOTO],
  ['part of a buffer', () => Buffer.from([0, 1, 2, 3, 4]).subarray(1, 4)],
  ['an ArrayBuffer', () => PHOTO.buffer.slice(0)],
  ['a stream', () => new Blob([PHOTO]).stream()],
])('an image may be %s, and is sent again as it was', async (_, image) => {
  const { client: edgebatch, received } = await client([problem(503, 'queue-full'), json(200, succeeded)])
  await edgebatch.predict(image())
  expect(received.map(({ body }) => [...body])).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ])
})

test('who asks to is told why, and for how long, before each pause', async () => {
  const told: unknown[] = []
  const { client: edgebatch } = await client(
    [problem(503, 'queue-full', { 'retry-after': '7' }), hangUp, json(200, succeeded)],
    { onRetry: ({ code, requestId }, pauseMs) => void told.push([code, requestId, pauseMs]) },
  )
  await edgebatch.predict(PHOTO)
  expect(told).toEqual([
    ['queue-full', 'r1', 7_000],
    ['unreachable', undefined, 500],
  ])
})

test('every try of a call has the same Idempotency-Key, and every call one of its own', async () => {
  const answers = [hangUp, problem(503, 'queue-full'), json(502, {}), json(202, queued)]
  const { client: edgebatch, received } = await client(answers)
  await edgebatch.submit(PHOTO)
  await edgebatch.submit(PHOTO)
  const keys = received.map(({ headers }) => headers['idempotency-key'])
  expect(keys).toHaveLength(5)
  expect(new Set(keys.slice(0, 4)).size).toBe(1)
  expect(keys[4]).not.toBe(keys[0])
  expect(keys[0]).toMatch(/^[!-~]{1,255}$/)
})

test('Retry-After is honoured, and where there is none pauses double', async () => {
  const answers = [
    problem(429, 'rate-limited', { 'retry-after': '7' }),
    problem(503, 'queue-unavailable'),
    hangUp,
    json(200, succeeded),
  ]
  const { client: edgebatch, clock } = await client(answers)
  await edgebatch.predict(PHOTO)
  expect(clock.sleeps).toEqual([7_000, 500, 1_000])
})

test('after the last retry, what went wrong is thrown', async () => {
  const { client: edgebatch, received } = await client([problem(503, 'queue-full', { 'retry-after': '3' })], {
    maxRetries: 2,
  })
  const error = await errorOf(edgebatch.predict(PHOTO))
  expect(error).toMatchObject({
    ...{ name: 'EdgebatchError', code: 'queue-full', status: 503, detail: 'in a test', retryable: true },
    ...{ requestId: 'r1', retryAfterSeconds: 3 },
  })
  expect(received).toHaveLength(3)
})

test('what another try would not better is thrown at once', async () => {
  const { client: edgebatch, received } = await client([problem(415, 'unsupported-image')])
  expect(await errorOf(edgebatch.predict(PHOTO))).toMatchObject({ code: 'unsupported-image', status: 415 })
  expect(received).toHaveLength(1)
})

test('an answer that is none of this API’s is told as such', async () => {
  const page: Answer = (response) => response.writeHead(500, { 'x-request-id': 'r2' }).end('<html>')
  const { client: edgebatch } = await client([page])
  expect(await errorOf(edgebatch.models())).toMatchObject({
    code: 'unexpected-answer',
    status: 500,
    requestId: 'r2',
  })
  const { client: other } = await client([(response) => response.end('not json')])
  expect(await errorOf(other.models())).toMatchObject({ code: 'unexpected-answer', retryable: false })
})

test('an answer that breaks off is asked for again', async () => {
  const broken: Answer = (response) => {
    response.writeHead(200, { 'content-length': '1000' })
    response.write('{"id":', () => response.destroy())
  }
  const { client: edgebatch, received } = await client([broken, json(200, succeeded)])
  expect(await edgebatch.predict(PHOTO)).toEqual(succeeded)
  expect(received).toHaveLength(2)
})

test('where nobody answers, that is said, with what the runtime says of it', async () => {
  const { client: edgebatch } = await client([hangUp], { maxRetries: 0 })
  const error = await errorOf(edgebatch.result('a.model'))
  expect(error).toMatchObject({ code: 'unreachable', status: 0, retryable: true })
  expect(error.cause).toBeInstanceOf(Error)
})

test('a job that takes longer is asked for until it has ended, no sooner than it says', async () => {
  const pending = json(202, queued, { 'retry-after': '4' })
  const { client: edgebatch, clock, received } = await client([pending, pending, json(200, succeeded)])
  expect(await edgebatch.predict(PHOTO, { encodingFormat: 'base64' })).toEqual(succeeded)
  const asked = '/result/a.model?wait=30&encoding_format=base64'
  expect(received.map(({ url }) => url)).toEqual(['/predict?encoding_format=base64', asked, asked])
  expect(clock.sleeps).toEqual([4_000, 4_000])
})

test.each([
  ['for years', { 'retry-after': '999999999' }, 60_000],
  ['for no time that it tells, and does not wait itself', {}, 1_000],
])(
  'who is told to stay away %s neither sleeps for ever nor asks without a pause',
  async (_, headers, pause) => {
    const { client: edgebatch, clock } = await client([json(202, queued, headers), json(200, succeeded)])
    expect(await edgebatch.wait('a.model')).toEqual(succeeded)
    expect(clock.sleeps).toEqual([pause])
  },
)

test('a job that fails is an answer; its labels are what cannot be had', async () => {
  const failed = {
    ...queued,
    status: 'failed',
    error: { code: 'inference-failed', title: 'No', retryable: true },
  }
  const { client: edgebatch } = await client([json(200, failed)])
  const job = await edgebatch.wait('a.model')
  expect(job.status).toBe('failed')
  expect(() => predictions(job)).toThrow('job a.model is failed: No (inference-failed)')
})

test('who waits for so long and no longer is told which job goes on', async () => {
  const { client: edgebatch, received } = await client([json(202, queued, { 'retry-after': '8' })])
  const error = await edgebatch.wait('a.model', { timeoutMs: TIMEOUT_MS }).catch((error) => error)
  expect(error).toBeInstanceOf(EdgebatchTimeoutError)
  expect(error.jobId).toBe('a.model')
  expect(received.map(({ url }) => url)).toEqual(['/result/a.model?wait=9', '/result/a.model?wait=1'])
})

test('the time that is given ends a request that is not answered', async () => {
  const { client: edgebatch, clock } = await client([() => clock.runOut()])
  const error = await edgebatch.wait('a.model', { timeoutMs: TIMEOUT_MS }).catch((error) => error)
  expect(error).toBeInstanceOf(EdgebatchTimeoutError)
  expect(error.jobId).toBe('a.model')
  expect(clock.limits).toBe(0)
  const unknown = await edgebatch.predict(PHOTO, { timeoutMs: TIMEOUT_MS }).catch((error) => error)
  expect(unknown).toBeInstanceOf(EdgebatchTimeoutError)
  expect(unknown.jobId).toBeUndefined()
})

test('the time that is given ends retries and their pauses, and lasts no longer than the call', async () => {
  const { client: edgebatch, clock, received } = await client([problem(503, 'queue-full')])
  clock.onWake = () => clock.runOut()
  const error = await edgebatch.wait('a.model', { timeoutMs: TIMEOUT_MS }).catch((error) => error)
  expect(error).toBeInstanceOf(EdgebatchTimeoutError)
  expect(received).toHaveLength(1)
  const { client: patient } = await client([json(200, succeeded)], { clock: systemClock })
  expect(await patient.wait('a.model', { timeoutMs: Number.POSITIVE_INFINITY })).toEqual(succeeded)
  const { client: other, clock: calm } = await client([json(200, succeeded)])
  await other.wait('a.model', { timeoutMs: TIMEOUT_MS })
  expect(calm.limits).toBe(0)
})

test('a signal ends a request, a pause, and what has not begun', async () => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const { client: edgebatch, received } = await client([() => controller.abort(reason)])
  await expect(edgebatch.predict(PHOTO, { signal: controller.signal })).rejects.toBe(reason)
  await expect(edgebatch.models({ signal: controller.signal })).rejects.toBe(reason)
  expect(received).toHaveLength(1)

  const pausing = new AbortController()
  const { client: other, clock, received: tries } = await client([problem(503, 'queue-full')])
  clock.onWake = () => pausing.abort(reason)
  await expect(other.wait('a.model', { signal: pausing.signal })).rejects.toBe(reason)
  expect(tries).toHaveLength(1)
})

test('several images go in one request, and one of them alone as a list of one', async () => {
  const batch = { id: 'b.model', status: 'completed', items: [] }
  const { client: edgebatch, received } = await client([json(200, batch)])
  expect(await edgebatch.predictMany([PHOTO, new Blob([PHOTO])])).toEqual(batch)
  await edgebatch.predictMany([PHOTO])
  expect(received[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
  expect(received[0]?.body.toString('latin1').match(/name="image"; filename=/g)).toHaveLength(2)
  expect(JSON.parse(received[1]?.body.toString() ?? '')).toEqual({ images: ['AQID'] })
})

test('a job is canceled by its id, whatever is in it', async () => {
  const { client: edgebatch, received } = await client([json(200, { ...queued, status: 'canceled' })])
  expect((await edgebatch.cancel('a/b')).status).toBe('canceled')
  expect(received[0]).toMatchObject({ method: 'POST', url: '/result/a%2Fb/cancel' })
})
