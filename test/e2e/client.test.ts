import { afterAll, beforeAll, expect, test } from 'vitest'
import { EdgebatchClient, type JobEvent, predictions } from '../../client/index.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

const photo = new Uint8Array(example('coffee.png'))

let stack: TestStack
let client: EdgebatchClient
beforeAll(async () => {
  stack = await testStack({ edgeBindings: { ALLOW_ANONYMOUS: 'false' } })
  client = new EdgebatchClient({ baseUrl: stack.edge.url, apiKey: (await storeApiKey(stack)).token })
})
afterAll(() => stack?.close())

async function followed(id: string): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of client.events(id)) events.push(event)
  return events
}

test('an image is predicted', async () => {
  const job = await client.predict(photo)
  expect([job.status, job.model, predictions(job)[0]?.label]).toEqual(['succeeded', MODEL, 'espresso'])
})

test('an image is handed in, followed, waited for and read', async () => {
  const { id } = await client.submit(new Blob([photo]), { noStore: true, cancelAfter: '2m' })
  const events = await followed(id)
  expect(events.at(-1)).toMatchObject({ event: 'succeeded', job: { id, success: true } })
  expect(predictions(await client.wait(id))[0]?.label).toBe('espresso')
  expect(await client.result(id)).toMatchObject({ id, status: 'succeeded' })
})

test('several images come back in their order', async () => {
  const batch = await client.predictMany([photo, new Uint8Array([1, 2, 3]), photo])
  expect(batch.items.map(({ job, error }) => job?.predictions?.[0]?.label ?? error?.code)).toEqual([
    'espresso',
    'unsupported-image',
    'espresso',
  ])
  expect((await client.predictMany([photo])).items).toHaveLength(1)
})

test('a webhook is asked for', async () => {
  const webhook = { url: 'https://receiver.invalid/hook', events: ['failed'] as const }
  expect((await client.predict(photo, { webhook })).webhook).toMatchObject({ url: webhook.url })
})

test('the same call again is the same job', async () => {
  const idempotencyKey = crypto.randomUUID()
  const [first, again] = [
    await client.submit(photo, { idempotencyKey }),
    await client.submit(photo, { idempotencyKey }),
  ]
  expect(again.id).toBe(first.id)
})

test('the models are listed', async () => {
  expect((await client.models()).map(({ name }) => name)).toEqual([MODEL])
})

test('what is refused is thrown, with what the service says', async () => {
  await expect(client.predict(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
    ...{ name: 'EdgebatchError', code: 'unsupported-image', status: 415, retryable: false },
    requestId: expect.any(String),
  })
  const stranger = new EdgebatchClient({ baseUrl: stack.edge.url })
  await expect(stranger.models()).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
})

test('a job that waits is canceled, and whoever follows it is told', async () => {
  await stack.pools[0]?.stop()
  const { id } = await client.submit(photo, { noStore: true })
  const events = client.events(id)
  expect(await events.next()).toMatchObject({ value: { event: 'queued', job: { queue_position: 1 } } })
  expect((await client.cancel(id)).status).toBe('canceled')
  expect(await events.next()).toMatchObject({ value: { event: 'canceled', job: { id, status: 'canceled' } } })
  expect((await events.next()).done).toBe(true)
  expect((await client.wait(id)).status).toBe('canceled')
})

test('whoever gives up waiting is let go, and the job waits on', async () => {
  const { id } = await client.submit(photo, { noStore: true })
  const controller = new AbortController()
  const events = client.events(id, { signal: controller.signal })
  await events.next()
  controller.abort(new Error('enough'))
  await expect(events.next()).rejects.toThrow('enough')
  await expect(client.wait(id, { timeoutMs: 1 })).rejects.toMatchObject({
    name: 'EdgebatchTimeoutError',
    jobId: id,
  })
  expect((await client.result(id)).status).toBe('queued')
})
