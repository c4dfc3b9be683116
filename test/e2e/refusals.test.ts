import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newJobId } from '../../shared/job-id.ts'
import { example } from '../support/photos.ts'
import { MODEL, type PredictOptions, type TestStack, testStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack()
})
afterAll(() => stack?.close())

interface Problem {
  status: number
  code: string
  title: string
  detail: string
}

async function expectProblem(response: Response, status: number, code: string): Promise<Problem> {
  const text = await response.text()
  expect({ status: response.status, body: text }).toMatchObject({
    status,
    body: expect.stringContaining(code),
  })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const problem = JSON.parse(text) as Problem
  expect(problem).toMatchObject({
    status,
    code,
    success: false,
    title: expect.any(String),
    detail: expect.any(String),
  })
  return problem
}

/** A JPEG whose frame header claims other dimensions than it has. */
async function jpegClaiming(width: number, height: number): Promise<Buffer> {
  const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(height, frame + 5)
  jpeg.writeUInt16BE(width, frame + 7)
  return jpeg
}

describe('each bad upload gets a clear problem, and the next good one is served', () => {
  const photo = example('cat.jpg')
  const cases: [
    name: string,
    bytes: () => Promise<Buffer>,
    status: number,
    code: string,
    options?: PredictOptions,
  ][] = [
    ['an empty file', async () => Buffer.alloc(0), 400, 'empty-image'],
    [
      'text renamed .jpg',
      async () => Buffer.from('I am not a photo.\n'.repeat(50)),
      415,
      'unsupported-image',
    ],
    ['a truncated JPEG', async () => photo.subarray(0, photo.length / 2), 422, 'undecodable-image'],
    ['20 MB', async () => Buffer.alloc(20_000_000, 1), 413, 'body-too-large'],
    ['a header claiming 65,500 x 65,500 pixels', () => jpegClaiming(65_500, 65_500), 413, 'image-too-large'],
    ['an unknown model', async () => photo, 404, 'model-not-found', { query: '?model=no-such-model' }],
    ['a model name that is none', async () => photo, 404, 'model-not-found', { query: '?model=%7Bx%7D%0A' }],
  ]

  test.each(cases)('%s', async (_, bytes, status, code, options) => {
    await expectProblem(await stack.predict(await bytes(), options), status, code)
    expect((await stack.predict(photo)).status).toBe(200)
  })

  test('a form without the field', async () => {
    const form = new FormData()
    form.append('picture', new Blob([new Uint8Array(photo)]), 'cat.jpg')
    const response = await fetch(`${stack.edge.url}/predict`, { method: 'POST', body: form })
    await expectProblem(response, 400, 'missing-image')
  })

  test('a field that holds text', async () => {
    const form = new FormData()
    form.append('image', 'cat.jpg')
    const response = await fetch(`${stack.edge.url}/predict`, { method: 'POST', body: form })
    const { detail } = await expectProblem(response, 400, 'missing-image')
    expect(detail).toContain('-F image=@')
  })

  test('no body', async () => {
    await expectProblem(await fetch(`${stack.edge.url}/predict`, { method: 'POST' }), 400, 'missing-image')
  })

  test('a multipart body that ends too soon', async () => {
    const response = await fetch(`${stack.edge.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nabc',
    })
    await expectProblem(response, 400, 'invalid-request')
  })

  test('a multipart body without a boundary', async () => {
    const headers = { 'content-type': 'multipart/form-data' }
    await expectProblem(
      await fetch(`${stack.edge.url}/predict`, { method: 'POST', headers, body: 'abc' }),
      400,
      'invalid-request',
    )
  })
})

describe('reading results', () => {
  test.each([
    ['unknown', () => newJobId(MODEL)],
    ['of a model that is not there', () => newJobId('other')],
    ['malformed', () => 'abc'],
    ['reaching for other keys', () => encodeURIComponent('../../models')],
  ])('an id that is %s is not found', async (_, id) => {
    await expectProblem(await stack.get(`/result/${id()}`), 404, 'job-not-found')
  })

  test('?wait= takes seconds only', async () => {
    await expectProblem(await stack.get(`/result/${newJobId(MODEL)}?wait=soon`), 400, 'invalid-request')
  })
})

test('other methods are told which there are', async () => {
  const response = await stack.get('/predict')
  await expectProblem(response, 405, 'method-not-allowed')
  expect(response.headers.get('allow')).toBe('POST, OPTIONS')
})

test('other addresses are told where to go', async () => {
  await expectProblem(await stack.get('/nothing-here'), 404, 'route-not-found')
})
