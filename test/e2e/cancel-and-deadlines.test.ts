import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { addPoolForTest, MODEL, stackWithoutPools, type TestStack } from '../support/stack.ts'

let stack: TestStack
beforeAll(async () => {
  stack = await stackWithoutPools()
})
afterAll(() => stack?.close())

async function submitted(headers: Record<string, string> = {}): Promise<PublicJob> {
  const response = await stack.predict(example('cat.jpg'), {
    headers: { prefer: 'respond-async', ...headers },
  })
  expect(response.status).toBe(202)
  return (await response.json()) as PublicJob
}
const storedJobs = async () => (await stack.redis.keys(`${stack.keys.prefix}*:job:*`)).toSorted()
const cancel = (id: string, method: 'DELETE' | 'POST') =>
  fetch(`${stack.edge.url}/result/${id}${method === 'POST' ? '/cancel' : ''}`, { method })

test.each(['DELETE', 'POST'] as const)(
  'a queued job that is canceled (%s) never reaches the model, its neighbours do',
  async (method) => {
    const [first, second, third] = [await submitted(), await submitted(), await submitted()]
    for (let i = 0; i < 2; i++) {
      const response = await cancel(second.id, method)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({
        ...{ id: second.id, status: 'canceled', success: false, predictions: null, error: null },
        ...{ queue_position: null, eta_seconds: null, metrics: { attempts: 0 } },
      })
    }
    await addPoolForTest(stack)
    for (const { id } of [first, third])
      expect(await (await stack.get(`/result/${id}?wait=60`)).json()).toMatchObject({ status: 'succeeded' })
    expect(await (await stack.get(`/result/${second.id}`)).json()).toMatchObject({
      status: 'canceled',
      metrics: { attempts: 0 },
    })
    expect((await cancel(first.id, method)).status).toBe(200)
    expect(await (await stack.get(`/result/${first.id}`)).json()).toMatchObject({ status: 'succeeded' })
    const numbers = await stack.redis.hget(stack.keys.job(MODEL, second.id), 'pool')
    expect(numbers).toBeNull()
  },
)

test('who waits for a job that is canceled is told at once', async () => {
  const { id } = await submitted()
  const waiting = stack.get(`/result/${id}?wait=60`)
  await cancel(id, 'DELETE')
  expect(await (await waiting).json()).toMatchObject({ id, status: 'canceled' })
})

test('a job that never was cannot be canceled, nor by a path that leads elsewhere', async () => {
  for (const id of [
    'AAAAAAAAAAAAAAAAAAAAAA.efficientnet-lite0',
    'nonsense',
    '..%2f..%2fmodels',
    `AAAAAAAAAAAAAAAAAAAAAA.${'m'.repeat(65)}`,
  ]) {
    for (const method of ['DELETE', 'POST'] as const) {
      const response = await cancel(id, method)
      expect([id, response.status]).toEqual([id, 404])
      expect(response.headers.get('content-type')).toBe('application/problem+json')
    }
  }
})

test('Cancel-After is the job’s deadline: past it, no pool runs the job', async () => {
  const hasty = await submitted({ 'cancel-after': '1s' })
  const patient = await submitted({ 'cancel-after': '10m' })
  const end = await stack.get(`/result/${hasty.id}?wait=60`)
  expect(await end.json()).toMatchObject({
    ...{ status: 'expired', error: { code: 'job-expired' } },
    completed_at: new Date(Date.parse(hasty.created_at) + 1_000).toISOString(),
  })
  await addPoolForTest(stack)
  expect(await (await stack.get(`/result/${patient.id}?wait=60`)).json()).toMatchObject({
    status: 'succeeded',
  })
  expect(await stack.redis.hget(stack.keys.job(MODEL, hasty.id), 'pool')).toBeNull()
})

test.each(['0s', '-1', 'soon', '25h'])('Cancel-After: %s is refused, and nothing stored', async (value) => {
  const before = await storedJobs()
  const response = await stack.predict(example('cat.jpg'), { headers: { 'cancel-after': value } })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: 'invalid-request', success: false })
  expect(await storedJobs()).toEqual(before)
})
