import { afterEach, expect, test } from 'vitest'
import { MANIFEST_TTL_MS, POOL_TTL_MS } from '../../shared/announcement.ts'
import { DEAD_LETTERS_KEPT_MS, EMPTY_QUEUE_TTL_MS } from '../../shared/job-lifetime.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

const QUEUE = { model: MODEL, version: '1' }
const DAY_MS = 86_400_000
const ASYNC = { prefer: 'respond-async' }

let stack: TestStack
afterEach(() => stack?.close())

/** Every key under the prefix but those of `longLived`, which tells how long they live at most, in ms. */
async function shortLived(longLived: Record<string, number>): Promise<string[]> {
  const { redis, keys } = stack
  const all = await redis.keys(`${keys.prefix}*`)
  const ttls = await Promise.all(all.map((key) => redis.pttl(key)))
  return all.filter((key, i) => {
    const ttl = ttls[i] ?? 0
    if (ttl === -2) return false
    const name = Object.keys(longLived).find((name) => key.startsWith(keys.prefix + name))
    const most = name === undefined ? Number.POSITIVE_INFINITY : (longLived[name] ?? 0)
    expect(ttl, `${key} goes by itself, and in time`).toBeGreaterThanOrEqual(0)
    expect(ttl, `${key} goes by itself, and in time`).toBeLessThanOrEqual(most)
    return name === undefined
  })
}

/** A pool that claims jobs and is never heard of again. */
async function claimAndDie(count: number): Promise<void> {
  const redis = await RedisTcp.connect(stack.redisUrl)
  const identity = { poolId: 'dead', poolTtlMs: POOL_TTL_MS, manifestTtlMs: MANIFEST_TTL_MS }
  const consumer = new RedisJobConsumer(redis, stack.keys, identity)
  const reader = await consumer.open(QUEUE)
  const { entries } = await reader.take(count, 0)
  expect((await consumer.claim(QUEUE, entries)).jobs).toHaveLength(count)
  reader.close()
  redis.close()
}

test('after success, failure, cancel, expiry and crash, and with all pools gone, every key disappears by itself', async () => {
  stack = await testStack({
    edgeBindings: {
      ...{ JOB_DEADLINE_SECONDS: '8', RESULT_TTL_SECONDS: '1', TOMBSTONE_SECONDS: '1' },
      CACHE_TTL_SECONDS: '1',
    },
    poolEnv: { LEASE_SECONDS: '1', MAX_ATTEMPTS: '1' },
  })
  const photo = example('cat.jpg')
  const body = async (response: Response) => (await response.json()) as PublicJob
  const afresh = { ...ASYNC, 'cache-control': 'no-store' }

  const succeeded = await body(await stack.predict(photo, { headers: { 'idempotency-key': 'one' } }))
  expect(succeeded.status).toBe('succeeded')
  expect((await stack.predict(photo)).headers.get('x-cache')).toBe('hit')
  const form = new FormData()
  for (const name of ['a.jpg', 'b.jpg']) form.append('image', new Blob([new Uint8Array(photo)]), name)
  const batch = await fetch(`${stack.edge.url}/predict`, { method: 'POST', body: form, headers: ASYNC })
  expect(((await batch.json()) as PublicBatch).id).toBeDefined()

  const [pool] = stack.pools
  if (!pool) throw new Error('there is no pool')
  process.kill(pool.pid, 'SIGSTOP')
  const claimed: PublicJob[] = []
  for (let i = 0; i < 3; i++) claimed.push(await body(await stack.predict(photo, { headers: afresh })))
  const canceled = await body(await stack.predict(photo, { headers: afresh }))
  const answer = await fetch(`${stack.edge.url}/result/${canceled.id}`, { method: 'DELETE' })
  expect((await body(answer)).status).toBe('canceled')
  await claimAndDie(2)
  process.kill(pool.pid, 'SIGCONT')
  const ends = claimed.map(async ({ id }) => (await body(await stack.get(`/result/${id}?wait=30`))).status)
  expect((await Promise.all(ends)).sort()).toEqual(['failed', 'failed', 'succeeded'])
  expect(await stack.redis.xlen(stack.keys.dead(MODEL))).toBe(2)
  await pool.kill()
  for (const priority of ['high', 'low'])
    await stack.predict(photo, { headers: { ...afresh, 'x-priority': priority } })

  const longLived = {
    ...{ models: MANIFEST_TTL_MS, workers: POOL_TTL_MS, 'idem:': DAY_MS },
    ...{ [`{${MODEL}}:queue:`]: EMPTY_QUEUE_TTL_MS, [`{${MODEL}}:dead`]: DEAD_LETTERS_KEPT_MS },
  }
  // What a dead letter's input is kept for is its letter's time.
  const inputs = (await stack.redis.keys(`${stack.keys.prefix}*:input:*`)).map((key) =>
    key.slice(stack.keys.prefix.length),
  )
  const lettersOnly = Object.fromEntries(inputs.map((key) => [key, DEAD_LETTERS_KEPT_MS]))
  while ((await shortLived({ ...longLived, ...lettersOnly })).length > 0);
})
