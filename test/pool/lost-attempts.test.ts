import { expect, test } from 'vitest'
import { DEFAULT_RETRIES } from '../../shared/retry-policy.ts'
import { DEADLY_PIXEL } from '../support/deadly-pixel.ts'
import { MODEL, QUEUE, testQueue } from '../support/queue.ts'
import { enqueue, job, outcome, serve, slowOnBright } from '../support/served-model.ts'

const DYING = new URL('../support/dying-instance-thread.ts', import.meta.url)
const SOON = { retries: { ...DEFAULT_RETRIES, backoffMs: 1 } }

test('of a batch whose session died each job is tried again alone: only the one that it dies of has failed', async () => {
  const queue = await testQueue()
  const jobs = [job(DEADLY_PIXEL), ...[1, 2, 3].map((pixel) => job(pixel))]
  const settled = await enqueue(queue, jobs)
  const { batches, drain } = await serve(queue, { instanceEntry: DYING, identity: SOON })
  expect((await settled()).map(outcome)).toEqual(['attempts-exhausted', [1, 1, 1], [2, 2, 2], [3, 3, 3]])
  await drain()
  expect(batches).toEqual([
    [1, 1],
    [1, 1],
    [1, 1],
  ])
  const letters = await queue.redis.xrange(queue.keys.dead(MODEL), '-', '+')
  expect(letters.map(([, [, id]]) => id)).toEqual([jobs[0]?.id])
})

test('jobs that come while others are tried again are served as ever', async () => {
  const queue = await testQueue()
  const first = await enqueue(queue, [job(DEADLY_PIXEL), job(1)])
  await serve(queue, { instanceEntry: DYING, identity: SOON, maxBatchSize: 2 })
  const more = await enqueue(
    queue,
    [2, 3, 4, 5].map((pixel) => job(pixel)),
  )
  expect((await more()).map(outcome)).toEqual([2, 3, 4, 5].map((pixel) => [pixel, pixel, pixel]))
  expect((await first()).map(outcome)).toEqual(['attempts-exhausted', [1, 1, 1]])
})

test('what waits to be tried again when its pool stops is given back, and another pool serves it', async () => {
  const queue = await testQueue()
  const jobs = [job(DEADLY_PIXEL), job(7)]
  const settled = await enqueue(queue, jobs)
  const late = { retries: { ...DEFAULT_RETRIES, backoffMs: 600_000, longestBackoffMs: 600_000 } }
  const { drain } = await serve(queue, { instanceEntry: DYING, identity: late })
  const lost = async () => queue.redis.hget(queue.keys.job(MODEL, jobs[1]?.id ?? ''), 'lost')
  while ((await lost()) !== '1');
  await drain()
  expect((await queue.producer.read(jobs[1]?.id ?? ''))?.status).toBe('queued')
  expect(await queue.redis.xpending(queue.keys.queue(QUEUE), 'pool')).toEqual([0, null, null, null])
  // Its back-off counts on: it is over for who is told that it is.
  for (const { id } of jobs) await queue.redis.hset(queue.keys.job(MODEL, id), 'not_before', '0')
  await serve(queue, { identity: SOON })
  const pixel = DEADLY_PIXEL
  expect((await settled()).map(outcome)).toEqual([
    [pixel, pixel, pixel],
    [7, 7, 7],
  ])
})

test('while a long run is under way, its lease is begun anew again and again', async () => {
  const queue = await testQueue()
  const slow = job(255)
  const settled = await enqueue(queue, [slow])
  await serve(queue, { graph: slowOnBright, maxBatchSize: 1, leaseMs: 40 })
  const idleMs = async () => {
    const pending = await queue.redis.xpending(queue.keys.queue(QUEUE), 'pool', '-', '+', 1)
    return (pending as [string, string, number][])[0]?.[2]
  }
  let renewals = 0
  let last = 0
  while ((await queue.producer.read(slow.id))?.status !== 'succeeded') {
    const idle = await idleMs()
    if (idle === undefined) continue
    if (idle < last) renewals++
    last = idle
  }
  expect((await settled()).map(outcome)).toEqual([[255, 255, 255]])
  expect(renewals).toBeGreaterThan(1)
})

test('a version that is to go ends only when what its sessions died of has ended, too', async () => {
  const queue = await testQueue()
  const jobs = [job(DEADLY_PIXEL), job(1), job(2)]
  const settled = await enqueue(queue, jobs)
  const { served } = await serve(queue, { instanceEntry: DYING, identity: SOON })
  await served.drainQueue()
  expect((await settled()).map(outcome)).toEqual(['attempts-exhausted', [1, 1, 1], [2, 2, 2]])
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
})

test('a version that is to go takes over what another pool that served it leaves behind', async () => {
  const queue = await testQueue()
  const settled = await enqueue(queue, [job(1)])
  const [claimed] = await (await queue.consumer('dead')).claim(1, 0)
  expect(claimed).toBeDefined()
  const { served } = await serve(queue, { identity: SOON, leaseMs: 40 })
  await served.drainQueue()
  expect((await settled()).map(outcome)).toEqual([[1, 1, 1]])
})

test('what is taken over and more than a pool runs at once is left to others', async () => {
  const queue = await testQueue()
  const settled = await enqueue(
    queue,
    Array.from({ length: 6 }, (_, i) => job(i + 1)),
  )
  await (await queue.consumer('dead')).claim(6, 0)
  const { batches } = await serve(queue, { identity: SOON, leaseMs: 40, maxBatchSize: 2 })
  expect((await settled()).map(outcome)).toEqual(Array.from({ length: 6 }, (_, i) => Array(3).fill(i + 1)))
  expect(batches).toEqual(Array(6).fill([1, 1]))
})
