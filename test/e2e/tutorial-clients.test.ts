import { afterAll, beforeAll, expect, test } from 'vitest'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'

/** What the tutorial's scripts read of an answer. */
interface TutorialAnswer {
  success: boolean
  predictions: { label: string; probability: number }[]
}

let stack: TestStack
beforeAll(async () => {
  stack = await testStack({ edgeBindings: { DEFAULT_WAIT_SECONDS: '60' } })
})
afterAll(() => stack?.close())

/** The body that Python's requests makes of files={"image": bytes}: the field's name is the file's, and no type is said. */
function requestsBody(photo: Uint8Array): { body: Uint8Array<ArrayBuffer>; contentType: string } {
  const boundary = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="image"\r\n\r\n`),
    photo,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  return { body: new Uint8Array(body), contentType: `multipart/form-data; boundary=${boundary}` }
}

async function post(photo: Uint8Array): Promise<TutorialAnswer> {
  const { body, contentType } = requestsBody(photo)
  const response = await fetch(`${stack.edge.url}/predict`, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType, 'user-agent': 'python-requests/2.32.3', accept: '*/*' },
  })
  return (await response.json()) as TutorialAnswer
}

test('its Python client reads success, and labels with their probabilities', async () => {
  const answer = await post(example('coffee.png'))
  expect(answer.success).toBe(true)
  expect(answer.predictions[0]?.label).toBe('espresso')
  expect(answer.predictions[0]?.probability).toBeGreaterThan(0.3)
})

test('all of its stress test succeeds, even where its 500 threads start at once', async () => {
  const photo = example('cat.jpg')
  const answers = await Promise.all(Array.from({ length: 500 }, () => post(photo)))
  expect(answers.filter(({ success }) => success)).toHaveLength(500)
})
