import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type PublicJob, publicJobSchema } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'
import { MASTER_SECRET, verifiedMessage } from '../support/webhook-jobs.ts'
import { type Received, WebhookReceiver } from '../support/webhook-receiver.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await testStack({
    edgeBindings: { WEBHOOK_ALLOW_PRIVATE: 'true' },
    poolEnv: { WEBHOOK_ALLOW_PRIVATE: 'true', WEBHOOK_SECRET: MASTER_SECRET },
  })
})
afterAll(() => stack?.close())

/** The job as soon as its webhook is no longer waiting. */
async function untilTold(id: string, headers: Record<string, string>): Promise<PublicJob> {
  for (;;) {
    const job = (await (await fetch(`${stack.edge.url}/result/${id}`, { headers })).json()) as PublicJob
    if (job.webhook?.status !== 'pending') return job
  }
}

test('the end of a job is told to its webhook, signed for its key, and the job shows that it was', async () => {
  const receiver = await WebhookReceiver.start()
  const key = await storeApiKey(stack)
  const url = `${receiver.origin}/hook`
  const query = `?webhook_url=${encodeURIComponent(url)}&webhook_events=succeeded`
  const response = await stack.predict(example('cat.jpg'), { query, headers: key.headers })
  const { id } = (await response.json()) as PublicJob
  const told = await untilTold(id, key.headers)
  expect(told.webhook).toMatchObject({
    url,
    status: 'delivered',
    attempts: 1,
    last_status: 204,
    last_error: null,
  })

  expect(receiver.received).toHaveLength(1)
  const [received] = receiver.received as [Received]
  const message = await verifiedMessage(received, key.id)
  const data = publicJobSchema.parse(message.data)
  expect(message.type).toBe('job.succeeded')
  expect(data).toMatchObject({ id, status: 'succeeded', predictions: told.predictions })
  expect(data.urls.get).toBe(`${stack.edge.url}/result/${id}`)
})

test('an end that was not asked for is not told', async () => {
  const receiver = await WebhookReceiver.start()
  const query = `?webhook_url=${encodeURIComponent(receiver.origin)}&webhook_events=failed`
  const { id } = (await (await stack.predict(example('cat.jpg'), { query })).json()) as PublicJob
  expect((await untilTold(id, {})).webhook).toMatchObject({ status: 'skipped', attempts: 0 })
  expect(receiver.received).toEqual([])
})

test('addresses that are not public https are refused, and nothing is stored', async () => {
  const publicOnly = await testStack()
  onTestFinished(() => publicOnly.close())
  const urls = [
    'http://hooks.example.com/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/',
    'https://user:secret@hooks.example.com/',
    'ftp://hooks.example.com/',
    'javascript:alert(1)',
    'nonsense',
  ]
  for (const url of urls) {
    const response = await publicOnly.predict(example('cat.jpg'), {
      query: `?webhook_url=${encodeURIComponent(url)}`,
    })
    expect([url, response.status]).toEqual([url, 400])
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'invalid-request' })
    expect(text).not.toContain('secret')
  }
  expect(await publicOnly.redis.keys(`${publicOnly.keys.prefix}*:job:*`)).toEqual([])
})
