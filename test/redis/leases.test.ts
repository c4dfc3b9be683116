import { describe, expect, test } from 'vitest'
import type { JobResult, LossReason, TakenOver } from '../../shared/job-queue.ts'
import type { Priority } from '../../shared/priority.ts'
import { QUEUE_GROUP } from '../../shared/redis-keys.ts'
import { DEFAULT_RETRIES } from '../../shared/retry-policy.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, type TestConsumer, type TestQueue, testQueue } from '../support/queue.ts'

const IDLE_MS = 30_000
const OPTIONS = { idleMs: IDLE_MS, silenceMs: 20_000, max: 100, removeIdleMs: undefined }
const succeeded: JobResult = {
  status: 'succeeded',
  output: { kind: 'predictions', predictions: [] },
  ...{ modelVersion: '1', predictMs: 1, batchSize: 1 },
}

/** As if `pool` had not been heard of for long: all that is pending for it. */
async function hasDied({ redis, keys }: TestQueue, pool: string, priority?: Priority): Promise<void> {
  const queue = keys.queue(QUEUE, priority)
  const pending = (await redis.xpending(queue, QUEUE_GROUP, '-', '+', 100, pool)) as [string][]
  for (const [entry] of pending)
    await redis.xclaim(queue, QUEUE_GROUP, pool, 0, entry, 'IDLE', 2 * IDLE_MS, 'JUSTID')
}

const takeOver = ({ consumer }: TestConsumer, options = {}): Promise<TakenOver> =>
  consumer.leases.takeOver(QUEUE, { ...OPTIONS, ...options })

/** A job that pool `dead` has claimed, and another pool that may take it over. */
async function claimedByTheDead(queue: TestQueue) {
  const job = newTestJob()
  await queue.producer.enqueue(job)
  const dead = await queue.consumer('dead')
  const [claimed] = await dead.claim(1, 0)
  if (!claimed) throw new Error('nothing was claimed')
  await hasDied(queue, 'dead')
  return { job, claimed, dead, other: await queue.consumer('other') }
}

test('what a dead pool had claimed is another’s, to be run alone, and counts as a lost attempt', async () => {
  const queue = await testQueue({}, undefined, { random: () => 0 })
  const { job, claimed, other } = await claimedByTheDead(queue)
  const { entries, lone, dead } = await takeOver(other)
  expect([entries, dead]).toEqual([[], []])
  const handedOut = { id: job.id, entry: claimed.entry, priority: 'normal' }
  expect(lone).toEqual([{ handedOut, inMs: DEFAULT_RETRIES.backoffMs }])
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'queued', attempt: 1 })
  expect(await queue.redis.hmget(queue.keys.job(MODEL, job.id), 'lost', 'pool')).toEqual(['1', 'other'])
})

test('what a pool was handed and had not claimed is another’s as it was', async () => {
  const queue = await testQueue()
  const job = newTestJob()
  await queue.producer.enqueue(job)
  const [handedOut] = (await (await queue.consumer('dead')).take(1, 0)).entries
  await hasDied(queue, 'dead')
  const other = await queue.consumer('other')
  expect(await takeOver(other)).toEqual({ entries: [handedOut], lone: [], dead: [] })
  const { jobs } = await other.consumer.claim(
    QUEUE,
    [handedOut].flatMap((one) => one ?? []),
  )
  expect(jobs).toMatchObject([{ id: job.id, attempt: 1 }])
})

test('what has been renewed is not taken over', async () => {
  const queue = await testQueue()
  const { dead, other } = await claimedByTheDead(queue)
  await dead.consumer.leases.renew(QUEUE)
  expect(await takeOver(other)).toEqual({ entries: [], lone: [], dead: [] })
})

test('all that a pool holds is renewed, be it more than one command can name', async () => {
  const queue = await testQueue({ maxBacklog: 20_000 })
  const { redis, keys } = queue
  const batch = Array.from({ length: 1_000 }, () => newTestJob())
  for (let i = 0; i < 9; i++) {
    const pipeline = redis.pipeline()
    for (const { id } of batch) pipeline.xadd(keys.queue(QUEUE), '*', 'job', id)
    await pipeline.exec()
  }
  const pool = await queue.consumer('pool')
  const { entries } = await pool.take(9_000, 0)
  expect(entries).toHaveLength(9_000)
  const ids = entries.map(({ entry }) => entry)
  for (let i = 0; i < ids.length; i += 1_000)
    await redis.xclaim(
      keys.queue(QUEUE),
      QUEUE_GROUP,
      'pool',
      0,
      ...ids.slice(i, i + 1_000),
      'IDLE',
      60_000,
      'JUSTID',
    )
  await pool.consumer.leases.renew(QUEUE)
  expect(await redis.xpending(keys.queue(QUEUE), QUEUE_GROUP, 'IDLE', IDLE_MS, '-', '+', 10)).toEqual([])
})

test('all that a pool holds is renewed, of every priority', async () => {
  const queue = await testQueue()
  for (const priority of ['high', 'normal', 'normal', 'normal'] as const)
    await queue.producer.enqueue(newTestJob({ priority }))
  const pool = await queue.consumer('pool')
  await pool.take(4, 0)
  await hasDied(queue, 'pool', 'high')
  await hasDied(queue, 'pool', 'normal')
  await pool.consumer.leases.renew(QUEUE)
  expect(await takeOver(await queue.consumer('other'))).toEqual({ entries: [], lone: [], dead: [] })
})

test('who renews what another has taken over does not get it back', async () => {
  const queue = await testQueue()
  const { dead, other } = await claimedByTheDead(queue)
  await takeOver(other)
  await dead.consumer.leases.renew(QUEUE)
  const pending = (await queue.redis.xpending(
    queue.keys.queue(QUEUE),
    QUEUE_GROUP,
    '-',
    '+',
    10,
  )) as string[][]
  expect(pending.map(([, owner]) => owner)).toEqual(['other'])
})

test('a late result of who lost the job is refused, before and after it is claimed again', async () => {
  const queue = await testQueue()
  const { job, claimed, dead, other } = await claimedByTheDead(queue)
  const late = () => dead.settle([{ job: claimed, result: succeeded }])
  const { lone } = await takeOver(other)
  expect(await late()).toEqual(['stale'])
  const entries = lone.map(({ handedOut }) => handedOut)
  const [again] = (await other.consumer.claim(QUEUE, entries, { alone: true })).jobs
  expect(again).toMatchObject({ id: job.id, attempt: 2 })
  expect(await late()).toEqual(['stale'])
  if (!again) throw new Error('it was not claimed again')
  expect(await other.settle([{ job: again, result: succeeded }])).toEqual(['succeeded'])
  expect(await late()).toEqual(['stale'])
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
})

test('who wakes up late neither claims nor removes what another is at work on', async () => {
  const queue = await testQueue()
  const job = newTestJob()
  await queue.producer.enqueue(job)
  const late = await queue.consumer('late')
  const { entries } = await late.take(1, 0)
  await hasDied(queue, 'late')
  const other = await queue.consumer('other')
  await takeOver(other)
  expect((await other.consumer.claim(QUEUE, entries)).jobs).toMatchObject([{ attempt: 1 }])
  expect(await late.consumer.claim(QUEUE, entries)).toEqual({ jobs: [undefined], lone: [] })
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(1)
})

test('who wakes up before another has begun what it took over does not begin it', async () => {
  const queue = await testQueue()
  const job = newTestJob()
  await queue.producer.enqueue(job)
  const late = await queue.consumer('late')
  const { entries } = await late.take(1, 0)
  await hasDied(queue, 'late')
  const other = await queue.consumer('other')
  await takeOver(other)
  expect(await late.consumer.claim(QUEUE, entries)).toEqual({ jobs: [undefined], lone: [] })
  expect((await other.consumer.claim(QUEUE, entries)).jobs).toMatchObject([{ id: job.id, attempt: 1 }])
  // Its lease is the one's who runs it: it is renewed, and nobody else takes it over.
  await hasDied(queue, 'other')
  await other.consumer.leases.renew(QUEUE)
  expect(await takeOver(late)).toEqual({ entries: [], lone: [], dead: [] })
})

test('a claim that is repeated by the same pool is granted again', async () => {
  const queue = await testQueue()
  await queue.producer.enqueue(newTestJob())
  const pool = await queue.consumer('pool')
  const { entries } = await pool.take(1, 0)
  await pool.consumer.claim(QUEUE, entries)
  expect((await pool.consumer.claim(QUEUE, entries)).jobs).toMatchObject([{ attempt: 2 }])
})

test('a job that has lost an attempt is claimed only by who will run it alone', async () => {
  const queue = await testQueue({}, undefined, { random: () => 0 })
  const { job, other } = await claimedByTheDead(queue)
  const { lone } = await takeOver(other)
  const entries = lone.map(({ handedOut }) => handedOut)
  const { jobs, lone: again } = await other.consumer.claim(QUEUE, entries)
  expect(jobs).toEqual([undefined])
  expect(again.map(({ handedOut }) => handedOut.id)).toEqual([job.id])
  expect(again[0]?.inMs).toBeGreaterThan(0)
  expect(again[0]?.inMs).toBeLessThanOrEqual(DEFAULT_RETRIES.backoffMs)
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'queued', attempt: 1 })
})

test('back-offs double up to a limit, and chance leaves out half of them at most', async () => {
  const backoffs = async (random: number) => {
    const retries = { maxAttempts: 9, backoffMs: 1_000, longestBackoffMs: 3_000 }
    const queue = await testQueue({}, undefined, { retries, random: () => random })
    const { other } = await claimedByTheDead(queue)
    const waits = []
    for (let i = 0; i < 4; i++) {
      const { lone } = await takeOver(other)
      waits.push(...lone.map(({ inMs }) => inMs))
      await other.consumer.claim(
        QUEUE,
        lone.map(({ handedOut }) => handedOut),
        { alone: true },
      )
      await hasDied(queue, 'other')
    }
    return waits
  }
  expect(await backoffs(0)).toEqual([1_000, 2_000, 3_000, 3_000])
  expect(await backoffs(1)).toEqual([500, 1_000, 1_500, 1_500])
})

describe('a job that has lost its last attempt', () => {
  const lose = async (reason: LossReason) => {
    const queue = await testQueue({}, undefined, { retries: { ...DEFAULT_RETRIES, maxAttempts: 1 } })
    const { job, claimed, dead, other } = await claimedByTheDead(queue)
    const lost =
      reason === 'pool-lost'
        ? await takeOver(other)
        : await dead.consumer.leases.retry(QUEUE, [claimed], 'instance-lost')
    return { queue, job, lost, claimed, dead }
  }

  test.each(['pool-lost', 'instance-lost'] as const)(
    'has failed (%s), with its reason and attempts among the dead letters',
    async (reason) => {
      const { queue, job, lost } = await lose(reason)
      expect(lost.dead).toEqual([job.id])
      expect(lost.lone).toEqual([])
      expect(await queue.producer.read(job.id)).toMatchObject({
        status: 'failed',
        error: 'attempts-exhausted',
      })
      const [letter] = await queue.redis.xrange(queue.keys.dead(MODEL), '-', '+')
      const flat = letter?.[1] ?? []
      const fields = Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1]]])))
      expect(fields).toMatchObject({ job: job.id, version: '1', reason, attempts: '1', pool: 'dead' })
      expect(JSON.parse(fields.fields ?? '')).toMatchObject({
        model_version: '1',
        priority: 'normal',
        dtype: 'uint8',
      })
    },
  )

  test('leaves its queue, and its input stays as long as its letter', async () => {
    const { queue, job } = await lose('pool-lost')
    const { redis, keys } = queue
    expect(await redis.xlen(keys.queue(QUEUE))).toBe(0)
    expect(await redis.get(keys.input(MODEL, job.id))).toBe(job.payload)
    const [letters, input] = await Promise.all([
      redis.pexpiretime(keys.dead(MODEL)),
      redis.pexpiretime(keys.input(MODEL, job.id)),
    ])
    expect(input).toBe(letters)
    expect(await redis.pttl(keys.dead(MODEL))).toBeGreaterThan(23 * 3_600_000)
  })

  test('keeps its input for its letter, though a late result comes', async () => {
    const { queue, job, claimed, dead } = await lose('pool-lost')
    expect(await dead.settle([{ job: claimed, result: succeeded }])).toEqual(['stale'])
    expect(await queue.redis.get(queue.keys.input(MODEL, job.id))).toBe(job.payload)
  })

  test('is told of to who waits', async () => {
    const queue = await testQueue({}, undefined, { retries: { ...DEFAULT_RETRIES, maxAttempts: 1 } })
    const { job, other } = await claimedByTheDead(queue)
    const listener = queue.redis.duplicate()
    await listener.subscribe(queue.keys.done(MODEL, job.id))
    const told = new Promise<string>((resolve) => listener.on('message', (_, text) => resolve(text)))
    await takeOver(other)
    expect(JSON.parse(await told)).toMatchObject({ status: 'failed', error: 'attempts-exhausted' })
    listener.disconnect()
  })
})

test('a job whose session died is tried again by the same pool, and not before its back-off', async () => {
  const queue = await testQueue({}, undefined, { random: () => 0 })
  const job = newTestJob()
  await queue.producer.enqueue(job)
  const pool = await queue.consumer('pool')
  const claimed = await pool.claim(1, 0)
  const { lone, dead } = await pool.consumer.leases.retry(QUEUE, claimed, 'instance-lost')
  expect(dead).toEqual([])
  expect(lone).toMatchObject([{ handedOut: { id: job.id }, inMs: DEFAULT_RETRIES.backoffMs }])
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'queued' })
  const entries = lone.map(({ handedOut }) => handedOut)
  expect((await pool.consumer.claim(QUEUE, entries, { alone: true })).jobs).toMatchObject([{ attempt: 2 }])
})

test('a canceled job is neither retried nor taken over', async () => {
  const queue = await testQueue()
  const { job, claimed, dead, other } = await claimedByTheDead(queue)
  const stored = await queue.producer.read(job.id)
  if (!stored) throw new Error('there is no such job')
  await queue.producer.cancel(stored)
  expect(await dead.consumer.leases.retry(QUEUE, [claimed], 'instance-lost')).toEqual({ lone: [], dead: [] })
  expect(await takeOver(other)).toEqual({ entries: [], lone: [], dead: [] })
  expect(await queue.producer.read(job.id)).toMatchObject({ status: 'canceled' })
})

test('of a dead pool’s jobs, those that are gone or ended leave the queue', async () => {
  const queue = await testQueue()
  const { job, other } = await claimedByTheDead(queue)
  await queue.redis.del(queue.keys.job(MODEL, job.id))
  expect(await takeOver(other)).toEqual({ entries: [], lone: [], dead: [] })
  expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
})

test('who has been out of touch with Redis takes nothing over until it has been in touch for as long', async () => {
  const queue = await testQueue()
  const { other } = await claimedByTheDead(queue)
  const third = await queue.consumer('third')
  await third.consumer.leases.takeOver(QUEUE, { ...OPTIONS, idleMs: 10 * IDLE_MS })
  // From now on every moment is too long.
  expect(await takeOver(third, { silenceMs: -1 })).toEqual({ entries: [], lone: [], dead: [] })
  expect(await takeOver(third)).toEqual({ entries: [], lone: [], dead: [] })
  expect((await takeOver(other)).lone).toHaveLength(1)
})

test('a consumer is forgotten once it has been silent and nothing is pending for it', async () => {
  const queue = await testQueue()
  const { claimed, dead, other } = await claimedByTheDead(queue)
  const names = async () => {
    const consumers = (await queue.redis.xinfo(
      'CONSUMERS',
      queue.keys.queue(QUEUE),
      QUEUE_GROUP,
    )) as string[][]
    return consumers.map(([, name]) => name).sort()
  }
  const looking = { idleMs: 10 * IDLE_MS, removeIdleMs: 1 }
  await takeOver(other, looking)
  expect(await names()).toEqual(['dead'])
  await dead.settle([{ job: claimed, result: succeeded }])
  await takeOver(other, { ...looking, removeIdleMs: 3_600_000 })
  expect(await names()).toEqual(['dead'])
  const silent = async () => {
    const consumers = await queue.redis.xinfo('CONSUMERS', queue.keys.queue(QUEUE), QUEUE_GROUP)
    return (consumers as unknown[][]).every(([, , , , , idle]) => Number(idle) >= 1)
  }
  while (!(await silent()));
  await takeOver(other, looking)
  expect(await names()).toEqual([])
})

test('more than a pool takes at a time is taken in turns', async () => {
  const queue = await testQueue()
  const jobs = Array.from({ length: 5 }, () => newTestJob())
  for (const job of jobs) await queue.producer.enqueue(job)
  await (await queue.consumer('dead')).take(5, 0)
  await hasDied(queue, 'dead')
  const other = await queue.consumer('other')
  const turns = []
  for (let i = 0; i < 3; i++) turns.push((await takeOver(other, { max: 2 })).entries.map(({ id }) => id))
  expect(turns.map(({ length }) => length)).toEqual([2, 2, 1])
  expect(turns.flat()).toEqual(jobs.map(({ id }) => id))
})

test('a queue that is not there is passed over', async () => {
  const queue = await testQueue()
  const pool = await queue.consumer('pool')
  await queue.redis.del(queue.keys.queue(QUEUE), queue.keys.queue(QUEUE, 'high'))
  expect(await takeOver(pool)).toEqual({ entries: [], lone: [], dead: [] })
  await pool.consumer.leases.renew(QUEUE)
})

test('on a Redis that is full jobs are renewed, taken over and given up', async () => {
  const { url } = await ownRedis()
  const queue = await testQueue({}, url, { retries: { ...DEFAULT_RETRIES, maxAttempts: 2 } })
  const { job, dead, other } = await claimedByTheDead(queue)
  await queue.redis.config('SET', 'maxmemory', '1')
  await dead.consumer.leases.renew(QUEUE)
  await hasDied(queue, 'dead')
  const { lone } = await takeOver(other)
  await other.consumer.claim(
    QUEUE,
    lone.map(({ handedOut }) => handedOut),
    { alone: true },
  )
  await hasDied(queue, 'other')
  const third = await queue.consumer('third')
  expect((await takeOver(third)).dead).toEqual([job.id])
})

test('a job that takes the place of a suspect, being for the same input, is one itself', async () => {
  const queue = await testQueue({ tombstoneMs: 600_000 })
  const cache = { digest: 'same', ttlMs: 60_000 }
  const [leader, follower] = [newTestJob(), newTestJob()]
  await queue.producer.enqueue(leader, { cache })
  expect((await queue.producer.enqueue(follower, { cache })).outcome).toBe('joined')
  await (await queue.consumer('dead')).claim(1, 0)
  await hasDied(queue, 'dead')
  const other = await queue.consumer('other')
  await takeOver(other)
  const stored = await queue.producer.read(leader.id)
  if (stored) await queue.producer.cancel(stored)
  const { entries } = await other.take(10, 0)
  expect(entries.map(({ id }) => id)).toEqual([follower.id])
  const { jobs, lone } = await other.consumer.claim(QUEUE, entries)
  expect([jobs, lone.length]).toEqual([[undefined], 1])
})

test('of a thousand dead letters the oldest goes with its input when there is one more', async () => {
  const queue = await testQueue({}, undefined, { retries: { ...DEFAULT_RETRIES, maxAttempts: 1 } })
  const { redis, keys } = queue
  const pipeline = redis.pipeline().set(keys.input(MODEL, 'oldest'), 'x')
  for (let i = 0; i < 1_000; i++) pipeline.xadd(keys.dead(MODEL), '*', 'job', i === 0 ? 'oldest' : `old-${i}`)
  await pipeline.exec()
  const { job, other } = await claimedByTheDead(queue)
  await takeOver(other)
  expect(await redis.xlen(keys.dead(MODEL))).toBe(1_000)
  expect(await redis.exists(keys.input(MODEL, 'oldest'))).toBe(0)
  const [newest] = await redis.xrevrange(keys.dead(MODEL), '+', '-', 'COUNT', 1)
  expect(newest?.[1][1]).toBe(job.id)
})
