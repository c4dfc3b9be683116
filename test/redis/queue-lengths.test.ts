import { describe, expect, onTestFinished, test } from 'vitest'
import { RedisQueueLengths } from '../../shared/redis-queue-lengths.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { announcementOf, IDLE, manifestOf } from '../support/known-models.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, testQueue } from '../support/queue.ts'
import { redisUrlOf } from '../support/redis-users.ts'

const manifest = manifestOf(MODEL, '1')

/** A queue whose version a pool has announced and left, and who scales its pools. */
async function scaledQueue(ownUrl?: string) {
  const queue = await testQueue({}, ownUrl)
  const { consumer } = await queue.consumer('first')
  await consumer.announce(announcementOf(manifest))
  await consumer.leave()
  const tcp = await RedisTcp.connect(ownUrl ?? redisUrlOf('edge'))
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
        { model: MODEL, version: '1', jobs: 3, accepted: 3 },
        { model: 'other', version: '2.0', jobs: 0, accepted: 0 },
      ]),
    )
    expect(pools).toMatchObject([{ id: 'a', busy: {}, idleMs: expect.any(Number) }])
  })

  test('sees nothing where nothing was ever announced', async () => {
    const { redis, lengths, keys } = await scaledQueue()
    await redis.del(keys.models(), keys.workers())
    expect(await lengths.read()).toMatchObject({ nowMs: expect.any(Number), queues: [], pools: [] })
  })

  test('sees what Redis takes in memory, unless he may not ask', async () => {
    const { redis, lengths } = await scaledQueue((await ownRedis()).url)
    await redis.config('SET', 'maxmemory', '100mb')
    const { memory } = await lengths.read()
    expect(memory).toEqual({ used: expect.any(Number), max: 100 * 2 ** 20 })
    expect(memory?.used).toBeGreaterThan(0)
    await redis.call('ACL', 'SETUSER', 'default', '-info')
    expect(await lengths.read()).toMatchObject({ memory: null, queues: [{ model: MODEL, version: '1' }] })
  })

  test('sees past what it cannot read', async () => {
    const { redis, keys, lengths } = await scaledQueue()
    await redis.hset(keys.workers(), { junk: 'x', broken: '99999999999999 {', odd: '99999999999999 3' })
    await redis.hset(keys.models(), { '@': '', 'no-version': '' })
    expect(await lengths.read()).toMatchObject({
      queues: [{ model: MODEL, version: '1', jobs: 0 }],
      pools: [],
    })
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

  test('are dropped where all that live are stuck', async () => {
    const queue = await scaledQueue()
    const job = newTestJob()
    await queue.producer.enqueue(job)
    await expire(queue, job.id)
    const load = { ...IDLE, state: 'stuck' as const }
    await (await queue.consumer('a')).consumer.announce({ ...announcementOf(manifest), load })
    expect(await queue.jobs()).toEqual([0])
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
