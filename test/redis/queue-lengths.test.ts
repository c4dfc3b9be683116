import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { RedisQueueLengths } from '../../shared/redis-queue-lengths.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { announcementOf, IDLE, manifestOf } from '../support/known-models.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, testQueue } from '../support/queue.ts'

const manifest = manifestOf(MODEL, '1')

/** A queue whose version a pool has announced and left, and who scales its pools. */
async function scaledQueue(url = inject('redisUrl')) {
  const queue = await testQueue({}, url)
  const { consumer } = await queue.consumer('first')
  await consumer.announce(announcementOf(manifest))
  await consumer.leave()
  const tcp = await RedisTcp.connect(url)
  onTestFinished(() => tcp.close())
  const lengths = new RedisQueueLengths(tcp, queue.keys)
  const jobs = async () => (await lengths.read()).queues.map(({ jobs }) => jobs)
  return { ...queue, lengths, jobs }
}

/** Makes the deadline that an entry carries pass. */
async function expire(queue: Awaited<ReturnType<typeof scaledQueue>>, id: string) {
  const key = queue.keys.queue(QUEUE)
  const entries = await queue.redis.xrange(key, '-', '+')
  await queue.redis.del(key)
  for (const [, fields] of entries) {
    const at = fields.indexOf('deadline') + 1
    if (fields[1] === id) fields[at] = '1'
    await queue.redis.xadd(key, '*', ...fields)
  }
}

describe('who scales the pools', () => {
  test('sees what waits and what is in flight, of all priorities, by version', async () => {
    const queue = await scaledQueue()
    const pool = await queue.consumer('a')
    await pool.consumer.announce({ ...announcementOf(manifest, manifestOf('other', '2.0')), load: IDLE })
    for (const priority of ['high', 'normal', 'low'] as const)
      await queue.producer.enqueue(newTestJob({ priority }))
    await pool.claim(1, 0)
    const { queues, pools } = await queue.lengths.read()
    expect(queues).toEqual(
      expect.arrayContaining([
        { model: MODEL, version: '1', jobs: 3 },
        { model: 'other', version: '2.0', jobs: 0 },
      ]),
    )
    expect(pools).toMatchObject([{ id: 'a', busy: {}, idleSeconds: 0 }])
  })

  test('sees nothing where nothing was ever announced', async () => {
    const { redis, lengths, keys } = await scaledQueue()
    await redis.del(keys.models(), keys.workers())
    expect(await lengths.read()).toEqual({ queues: [], pools: [] })
  })

  test('sees past what it cannot read', async () => {
    const { redis, keys, lengths } = await scaledQueue()
    await redis.hset(keys.workers(), { junk: 'x', broken: '99999999999999 {', odd: '99999999999999 3' })
    await redis.hset(keys.models(), { '@': '', 'no-version': '' })
    expect(await lengths.read()).toEqual({ queues: [{ model: MODEL, version: '1', jobs: 0 }], pools: [] })
  })
})

describe('jobs whose deadline has passed', () => {
  test('are dropped where no pool lives to do so, and the others are counted', async () => {
    const queue = await scaledQueue()
    const [dead, live] = [newTestJob(), newTestJob()]
    for (const job of [dead, live]) await queue.producer.enqueue(job)
    await expire(queue, dead.id)
    expect(await queue.jobs()).toEqual([1])
    const left = await queue.redis.xrange(queue.keys.queue(QUEUE), '-', '+')
    expect(left.map(([, fields]) => fields[1])).toEqual([live.id])
  })

  test('are found behind others, and beyond the first hundred', async () => {
    const queue = await scaledQueue()
    const key = queue.keys.queue(QUEUE)
    const add = (deadline: string) => queue.redis.xadd(key, '*', 'job', 'x', 'deadline', deadline)
    for (let i = 0; i < 150; i++) await add(i % 2 === 0 ? '1' : '99999999999999')
    expect(await queue.jobs()).toEqual([75])
  })

  test('are left to a pool that lives', async () => {
    const queue = await scaledQueue()
    const job = newTestJob()
    await queue.producer.enqueue(job)
    await expire(queue, job.id)
    await (await queue.consumer('a')).consumer.announce(announcementOf(manifest))
    expect(await queue.jobs()).toEqual([1])
  })

  test('give way to a job that waits for the same result and has more time', async () => {
    const queue = await scaledQueue()
    const cache = { digest: 'same', ttlMs: 60_000 }
    const leader = newTestJob()
    const follower = newTestJob({ deadlineMs: 80_000 })
    await queue.producer.enqueue(leader, { cache })
    expect((await queue.producer.enqueue(follower, { cache })).outcome).toBe('joined')
    await expire(queue, leader.id)
    expect(await queue.jobs()).toEqual([1])
    const [[, fields] = []] = await queue.redis.xrange(queue.keys.queue(QUEUE), '-', '+')
    expect(fields?.[1]).toBe(follower.id)
  })

  test('are dropped on a Redis that is full', async () => {
    const queue = await scaledQueue((await ownRedis()).url)
    const job = newTestJob()
    await queue.producer.enqueue(job)
    await expire(queue, job.id)
    await queue.redis.config('SET', 'maxmemory', '1')
    expect(await queue.jobs()).toEqual([0])
  })
})

describe('a model without pools', () => {
  const DAY_MS = 86_400_000
  /** Announced so long ago, to be forgotten in so long. */
  const known = (name: string, version: string, seenAgoMs: number, leftMs: number) =>
    `${Date.now() + leftMs} ${Date.now() - seenAgoMs} ${JSON.stringify(manifestOf(name, version))}`
  /** Only these are known. */
  const knowing = async (models: Record<string, string>) => {
    const queue = await scaledQueue()
    await queue.redis.del(queue.keys.models())
    await queue.redis.hset(queue.keys.models(), models)
    return queue
  }
  const leftOf = async ({ redis, keys }: Awaited<ReturnType<typeof scaledQueue>>, id: string) =>
    Number((await redis.hget(keys.models(), id))?.split(' ')[0]) - Date.now()

  test('stays known in the version that its last pools served', async () => {
    const queue = await knowing({
      'm@1': known('m', '1', 6.5 * DAY_MS, DAY_MS / 2),
      'm@2': known('m', '2', 5 * DAY_MS, 2 * DAY_MS),
      'm@3': known('m', '3', 5 * DAY_MS + 60_000, 2 * DAY_MS),
      'n@1': known('n', '1', 6.5 * DAY_MS, DAY_MS / 2),
    })
    expect(await queue.lengths.keepModels()).toBe(3)
    for (const id of ['m@2', 'm@3', 'n@1']) expect(await leftOf(queue, id)).toBeGreaterThan(6 * DAY_MS)
    expect(await leftOf(queue, 'm@1')).toBeLessThan(DAY_MS)
    const [kept] = (await queue.producer.models()).filter(({ manifest }) => manifest.name === 'n')
    expect(kept?.manifest).toEqual(manifestOf('n', '1'))
    expect(await queue.redis.pttl(queue.keys.models())).toBeGreaterThan(6 * DAY_MS)
  })

  test('is not written again while it has time', async () => {
    const { lengths } = await knowing({ 'm@1': known('m', '1', 3 * DAY_MS, 4 * DAY_MS) })
    expect(await lengths.keepModels()).toBe(0)
  })

  test('is forgotten when no pool has served it for 90 days', async () => {
    const { lengths } = await knowing({
      'm@1': known('m', '1', 90 * DAY_MS, DAY_MS),
      'n@1': known('n', '1', 89 * DAY_MS, DAY_MS),
    })
    expect(await lengths.keepModels()).toBe(1)
  })

  test('is not brought back once it was withdrawn, nor is what cannot be read', async () => {
    const { lengths } = await knowing({ 'm@1': `1 1 {}`, junk: 'x', 'n@1': '' })
    expect(await lengths.keepModels()).toBe(0)
  })
})
