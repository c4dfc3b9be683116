import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { startOwnRedis } from '../support/own-redis.ts'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'

let redis: OwnRedis
let admin: Redis
let stack: TestStack
beforeAll(async () => {
  redis = await startOwnRedis()
  admin = new Redis(redis.url, { protocol: 2 })
  stack = await testStack({ redisUrl: redis.url, poolEnv: { MAX_BATCH_SIZE: '4' } })
})
afterAll(async () => {
  admin?.disconnect()
  await stack?.close()
  await redis?.stop()
})

const photo = new Blob([new Uint8Array(example('cat.jpg'))])
const pool = () => stack.pools[0]?.pid as number

function submit(count: number, headers: Record<string, string> = {}): Promise<Response> {
  const body = new FormData()
  for (let i = 0; i < count; i++) body.append('image', photo, `${i}.jpg`)
  const init = { method: 'POST', body, headers: { prefer: 'respond-async', ...headers } }
  return fetch(`${stack.edge.url}/predict`, init)
}

async function expectFull(response: Response): Promise<void> {
  expect(await response.json()).toMatchObject({ code: 'queue-full', retryable: true })
  expect(response.status).toBe(503)
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
}

test('while Redis is full, calls are refused whole, what is there can be asked for and canceled, and pools work it off', async () => {
  process.kill(pool(), 'SIGSTOP')
  const jobs: PublicJob[] = []
  for (let i = 0; i < 9; i++) jobs.push((await (await submit(1)).json()) as PublicJob)
  const batch = (await (await submit(3)).json()) as PublicBatch
  const [canceled, ...others] = jobs as [PublicJob, ...PublicJob[]]

  await admin.config('SET', 'maxmemory', '1')
  const keys = async () =>
    (await admin.keys(`${stack.keys.prefix}*`)).filter((key) => !key.endsWith('workers'))
  const before = (await keys()).sort()
  await expectFull(await submit(1))
  await expectFull(await submit(1, { 'idempotency-key': 'one' }))
  await expectFull(await submit(5))
  await expectFull(await submit(5, { 'idempotency-key': 'five' }))
  expect((await keys()).sort()).toEqual(before)

  const { redis: memory } = (await (await stack.get('/stats')).json()) as PublicStats
  expect(memory).toEqual({ used_memory_bytes: expect.any(Number), max_memory_bytes: 1 })
  const gone = await fetch(`${stack.edge.url}/result/${canceled.id}`, { method: 'DELETE' })
  expect(await gone.json()).toMatchObject({ status: 'canceled' })

  process.kill(pool(), 'SIGCONT')
  for (const { id } of others)
    expect(await (await stack.get(`/result/${id}?wait=60`)).json()).toMatchObject({ status: 'succeeded' })
  expect(await (await stack.get(`/result/${batch.id}?wait=60`)).json()).toMatchObject({
    counts: { total: 3, succeeded: 3 },
  })

  await admin.config('SET', 'maxmemory', '0')
  const again = await submit(5, { 'idempotency-key': 'five' })
  expect(again.status).toBe(202)
  const { id } = (await again.json()) as PublicBatch
  expect(await (await stack.get(`/result/${id}?wait=60`)).json()).toMatchObject({ counts: { succeeded: 5 } })
})
