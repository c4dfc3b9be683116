import { describe, expect, onTestFinished, test } from 'vitest'
import type { HandedOut, JobResult } from '../../shared/job-queue.ts'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'
import { TurnTaking } from '../../worker-pool/batching/turn-taking.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newTestJob, QUEUE, type TestQueue, testQueue } from '../support/queue.ts'
import { untilBlocked } from '../support/until-blocked.ts'

const FOR_EVER_MS = 3_600_000

const failed: JobResult = { status: 'failed', code: 'inference-failed' }

/** A pool's reader of a queue, and ways to put jobs into it and look at what was taken. */
async function takingFrom(queue: TestQueue) {
  const { consumer } = await queue.consumer('a')
  const reader = await consumer.open(QUEUE)
  onTestFinished(() => reader.close())
  const add = async (priority: Priority, count: number) => {
    for (let i = 0; i < count; i++) {
      const added = await queue.producer.enqueue(newTestJob({ priority, watched: false }))
      expect(added.outcome).toBe('queued')
    }
  }
  return { ...queue, consumer, reader, turns: new TurnTaking(reader), add }
}

function countsOf(entries: readonly HandedOut[]): Record<Priority, number> {
  const counts = { high: 0, normal: 0, low: 0 }
  for (const { priority } of entries) counts[priority]++
  return counts
}

const quotas = (high: number, normal: number, low: number) => ({ high, normal, low })

describe('taking by quotas', () => {
  test.each([
    ['gives each queue its own', [9, 9, 9], quotas(4, 2, 1), quotas(4, 2, 1)],
    ['gives what one cannot use to the most urgent that can', [2, 9, 9], quotas(4, 2, 1), quotas(2, 4, 1)],
    ['takes from queues without a quota what others leave', [0, 0, 9], quotas(4, 2, 0), quotas(0, 0, 6)],
    ['takes all there is of each if that is little', [1, 1, 1], quotas(4, 4, 4), quotas(1, 1, 1)],
    ['takes one job of the most urgent that has one', [0, 1, 1], quotas(1, 0, 0), quotas(0, 1, 0)],
    ['takes nothing where there is nothing', [0, 0, 0], quotas(4, 2, 1), quotas(0, 0, 0)],
  ])('%s', async (_, waiting, asked, given) => {
    const { reader, add } = await takingFrom(await testQueue())
    for (const [i, priority] of PRIORITIES.entries()) await add(priority, waiting[i] ?? 0)
    const { entries, isAll } = await reader.takeByQuota(asked)
    expect(countsOf(entries)).toEqual(given)
    const max = asked.high + asked.normal + asked.low
    expect(isAll).toBe(entries.length < max)
    expect(entries.map(({ priority }) => PRIORITIES.indexOf(priority))).toEqual(
      entries.map(({ priority }) => PRIORITIES.indexOf(priority)).sort(),
    )
  })

  test('goes on after one of the queues has vanished, and loses nothing that was handed out by then', async () => {
    const { reader, add, redis, keys } = await takingFrom(await testQueue())
    await add('high', 2)
    await redis.del(keys.queue(QUEUE, 'low'))
    const taken: HandedOut[] = []
    while (taken.length < 2) taken.push(...(await reader.takeByQuota(quotas(1, 1, 1))).entries)
    await add('low', 1)
    expect(countsOf((await reader.takeByQuota(quotas(1, 1, 1))).entries)).toEqual(quotas(0, 0, 1))
    expect(countsOf(taken)).toEqual(quotas(2, 0, 0))
  })

  test('works on a Redis that is full, and on one that has forgotten its scripts', async () => {
    const { reader, add, redis } = await takingFrom(await testQueue({}, (await ownRedis()).url))
    await add('normal', 2)
    await redis.script('FLUSH')
    await redis.config('SET', 'maxmemory', '1')
    expect((await reader.takeByQuota(quotas(1, 0, 0))).entries).toHaveLength(1)
    expect((await reader.takeByQuota(quotas(1, 0, 0))).entries).toHaveLength(1)
  })

  test('what was lost on its way comes first, whichever queue it was in', async () => {
    const { reader, add, redis, keys } = await takingFrom(await testQueue({}, (await ownRedis()).url))
    const cutOff = reader.take(1, FOR_EVER_MS)
    await untilBlocked(redis)
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await cutOff
    await add('normal', 1)
    await add('low', 1)
    const streams = PRIORITIES.map((priority) => keys.queue(QUEUE, priority))
    await redis.xreadgroup('GROUP', 'pool', 'a', 'STREAMS', ...streams, '>', '>', '>')
    await add('high', 1)
    const taken = async () => countsOf((await reader.takeByQuota(quotas(1, 0, 0))).entries)
    expect([await taken(), await taken(), await taken()]).toEqual([
      quotas(0, 1, 0),
      quotas(0, 0, 1),
      quotas(1, 0, 0),
    ])
  })
})

describe('waiting', () => {
  test.each(PRIORITIES)('ends with the first job of any queue: %s', async (priority) => {
    const { reader, add } = await takingFrom(await testQueue())
    const waiting = reader.take(4, FOR_EVER_MS)
    await add(priority, 1)
    expect(await waiting).toMatchObject({ entries: [{ priority }], isAll: true })
  })

  test('gives no more than is asked for, the most urgent first, and then the rest', async () => {
    const { reader, add } = await takingFrom(await testQueue())
    for (const priority of PRIORITIES) await add(priority, 2)
    const given = []
    for (const owed of [4, 2, 0]) {
      const { entries, isAll } = await reader.take(2, FOR_EVER_MS)
      given.push(countsOf(entries))
      expect(isAll).toBe(false)
      expect(reader.owed).toBe(owed)
    }
    expect(given).toEqual([quotas(2, 0, 0), quotas(0, 2, 0), quotas(0, 0, 2)])
  })
})

test('while jobs wait in all queues, each has its share of what a pool takes', async () => {
  const { turns, add } = await takingFrom(await testQueue({ maxBacklog: 1_000 }))
  for (const priority of PRIORITIES) await add(priority, 100)
  const had = { high: 0, normal: 0, low: 0 }
  for (const size of [8, 3, 32, 1, 19, 21]) {
    const counts = countsOf((await turns.take(size, FOR_EVER_MS)).entries)
    for (const priority of PRIORITIES) had[priority] += counts[priority]
  }
  expect(had).toEqual(quotas(64, 16, 4))
})

test('a pool that has nothing to do says one word to Redis for each wait', async () => {
  const { turns, redis } = await takingFrom(await testQueue({}, (await ownRedis()).url))
  await turns.take(8, 1)
  await turns.take(8, 1)
  const calls = async () => {
    const stats = await redis.info('commandstats')
    return [...stats.matchAll(/^cmdstat_(xreadgroup|evalsha|eval):calls=(\d+)/gm)]
      .map(([, command, count]) => `${command} ${count}`)
      .sort()
  }
  const before = await calls()
  await turns.take(8, 1)
  const [after, xreadgroup] = [await calls(), /^xreadgroup (\d+)$/m]
  const count = (told: string[]) => Number(xreadgroup.exec(told.join('\n'))?.[1])
  expect(count(after) - count(before)).toBe(1)
  expect(after.filter((told) => !xreadgroup.test(told))).toEqual(
    before.filter((told) => !xreadgroup.test(told)),
  )
})

describe('jobs of different queues in one batch', () => {
  async function batchOfAll() {
    const all = await takingFrom(await testQueue())
    for (const priority of PRIORITIES) await all.add(priority, 2)
    const { entries } = await all.reader.takeByQuota(quotas(2, 2, 2))
    const { jobs: claims } = await all.consumer.claim(QUEUE, entries)
    const jobs = claims.filter((job) => job !== undefined)
    expect(jobs.map(({ priority }) => priority)).toEqual(['high', 'high', 'normal', 'normal', 'low', 'low'])
    return { ...all, jobs }
  }
  const left = ({ redis, keys }: Pick<TestQueue, 'redis' | 'keys'>) =>
    Promise.all(PRIORITIES.map((priority) => redis.xlen(keys.queue(QUEUE, priority))))

  test('are claimed and settled together, each out of its own', async () => {
    const { consumer, jobs, ...queue } = await batchOfAll()
    const some = jobs.filter((_, i) => i % 2 === 0)
    expect(
      await consumer.settle(
        QUEUE,
        some.map((job) => ({ job, result: failed })),
      ),
    ).toEqual(['failed', 'failed', 'failed'])
    expect(await left(queue)).toEqual([1, 1, 1])
  })

  test('are given back to where they were', async () => {
    const { consumer, jobs, reader, ...queue } = await batchOfAll()
    expect(await consumer.release(QUEUE, jobs)).toEqual(Array(6).fill('queued'))
    expect(await left(queue)).toEqual([2, 2, 2])
    expect(countsOf((await reader.takeByQuota(quotas(2, 2, 2))).entries)).toEqual(quotas(2, 2, 2))
  })

  test('that are gone leave their queues', async () => {
    const queue = await takingFrom(await testQueue())
    for (const priority of PRIORITIES) await queue.add(priority, 1)
    const { entries } = await queue.reader.takeByQuota(quotas(1, 1, 1))
    for (const { id } of entries) await queue.redis.del(queue.keys.job(MODEL, id))
    expect((await queue.consumer.claim(QUEUE, entries)).jobs).toEqual([undefined, undefined, undefined])
    expect(await left(queue)).toEqual([0, 0, 0])
  })

  test('take two commands each to be claimed, and two to be settled, where nobody is to be told', async () => {
    const { consumer, reader, add, redis } = await takingFrom(await testQueue({}, (await ownRedis()).url))
    await add('normal', 10)
    const { entries } = await reader.takeByQuota(quotas(0, 10, 0))
    const commandsOf = async <T>(call: () => Promise<T>) => {
      await redis.config('RESETSTAT')
      const result = await call()
      const stats = await redis.info('commandstats')
      const counts = [...stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name, count]) => [
        name,
        Number(count),
      ])
      return { result, counts: Object.fromEntries(counts) as Record<string, number> }
    }
    const claim = await commandsOf(() => consumer.claim(QUEUE, entries))
    const jobs = claim.result.jobs.filter((job) => job !== undefined)
    expect(claim.counts).toMatchObject({ hmget: 10, hset: 10, xack: 1, time: 1 })
    const settled = await commandsOf(() =>
      consumer.settle(
        QUEUE,
        jobs.map((job) => ({ job, result: failed })),
      ),
    )
    expect(settled.counts).toMatchObject({ hmget: 10, hset: 10, xack: 2, xdel: 1, del: 1, time: 1 })
    for (const { counts } of [claim, settled])
      for (const name of ['hincrby', 'pexpire', 'publish', 'hgetall', 'zadd'])
        expect(counts).not.toHaveProperty(name)
  })
})

test('a job that was canceled while it was run is settled as canceled, with nothing written', async () => {
  const { consumer, reader, add, producer, redis, keys } = await takingFrom(await testQueue())
  await add('low', 1)
  const [job] = (await consumer.claim(QUEUE, (await reader.take(1, FOR_EVER_MS)).entries)).jobs
  const stored = job && (await producer.read(job.id))
  if (!stored) throw new Error('nothing was claimed')
  expect(await producer.cancel(stored)).toBe('canceled')
  const before = await redis.hgetall(keys.job(MODEL, job.id))
  expect(await consumer.settle(QUEUE, [{ job, result: failed }])).toEqual(['canceled'])
  expect(await redis.hgetall(keys.job(MODEL, job.id))).toEqual(before)
})

test('a job that was given back has its new place in the queue', async () => {
  const { consumer, reader, add, producer } = await takingFrom(await testQueue())
  await add('normal', 1)
  const [job] = (await consumer.claim(QUEUE, (await reader.take(1, FOR_EVER_MS)).entries)).jobs
  await add('normal', 2)
  if (!job) throw new Error('nothing was claimed')
  await consumer.release(QUEUE, [job])
  expect(await producer.look(job.id)).toMatchObject({ position: 3 })
})
