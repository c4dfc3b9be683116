import { afterEach, expect, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

let stack: TestStack
afterEach(() => stack?.close())

test('urgent jobs are run first, and none is left waiting', async () => {
  stack = await testStack({ poolEnv: { MAX_BATCH_SIZE: '1' } })
  const key = await storeApiKey(stack, { priorities: ['high', 'normal', 'low'] })
  await stack.pools[0]?.stop()
  const ids: Record<string, string[]> = { low: [], normal: [], high: [] }
  for (const priority of ['low', 'normal', 'high']) {
    for (let i = 0; i < 2; i++) {
      const headers = { ...key.headers, 'x-priority': priority, prefer: 'respond-async' }
      const job = (await (await stack.predict(example('cat.jpg'), { headers })).json()) as PublicJob
      expect(job).toMatchObject({ priority, status: 'queued' })
      ids[priority]?.push(job.id)
    }
  }
  const end = async (id: string) =>
    (await (
      await fetch(`${stack.edge.url}/result/${id}?wait=60`, { headers: key.headers })
    ).json()) as PublicJob
  await stack.addPool()
  const ends = await Promise.all(Object.values(ids).flat().map(end))
  expect(ends.filter(({ status }) => status !== 'succeeded')).toEqual([])
  const order = ends
    .toSorted((a, b) => (a.completed_at ?? '').localeCompare(b.completed_at ?? ''))
    .map(({ priority }) => priority)
  expect(order.slice(0, 2)).toEqual(['high', 'high'])
})
