import { describe, expect, test } from 'vitest'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newJob, newJobs, type PoolProcess, PoolQueue, QUEUE } from '../support/pool-queue.ts'

/** A pool that waits for jobs, of a Redis that is this test's own. */
async function waitingPool(): Promise<{ queue: PoolQueue; pool: PoolProcess }> {
  const queue = await PoolQueue.open((await ownRedis()).url)
  const pool = await queue.startPool()
  await queue.untilAPoolWaits()
  return { queue, pool }
}

async function expectServed(queue: PoolQueue): Promise<void> {
  const { settled } = await queue.enqueue(PRIORITIES.map((priority, i) => newJob(i + 1, { priority })))
  for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  const groups = PRIORITIES.map((priority) => queue.redis.xinfo('GROUPS', queue.keys.queue(QUEUE, priority)))
  for (const group of await Promise.all(groups)) expect(group).toHaveLength(1)
}

const drop = {
  stream: (queue: PoolQueue, priority: Priority) => queue.redis.del(queue.keys.queue(QUEUE, priority)),
  group: (queue: PoolQueue, priority: Priority) =>
    queue.redis.xgroup('DESTROY', queue.keys.queue(QUEUE, priority), 'pool'),
}
const EACH = PRIORITIES.flatMap((priority) => [
  { priority, what: 'stream' as const },
  { priority, what: 'group' as const },
])

describe('under a pool that waits', () => {
  test.each(EACH)(
    'the $what of $priority is made anew, and jobs of all priorities are served',
    async ({ priority, what }) => {
      const { queue } = await waitingPool()
      await drop[what](queue, priority)
      await expectServed(queue)
    },
  )

  test('all of Redis is made anew: the edge knows the model again, and jobs are served', async () => {
    const { queue } = await waitingPool()
    await queue.redis.flushall()
    await expectServed(queue)
    expect(await queue.producer.models()).toMatchObject([{ pools: [expect.any(String)] }])
  })
})

describe('while jobs wait', () => {
  /** Jobs come, and all that `vanish` drops goes, while the pool is halted: then it goes on. */
  async function whileHalted(vanish: (queue: PoolQueue) => Promise<unknown>) {
    const { queue, pool } = await waitingPool()
    process.kill(pool.pid, 'SIGSTOP')
    const jobs = newJobs(6).map((job, i) => ({ ...job, priority: PRIORITIES[i % 3] as Priority }))
    await queue.enqueue(jobs)
    await vanish(queue)
    process.kill(pool.pid, 'SIGCONT')
    return { queue, jobs }
  }

  test.each(PRIORITIES)('and the group of %s vanishes, none is lost', async (priority) => {
    const { queue, jobs } = await whileHalted((queue) => drop.group(queue, priority))
    let read = await queue.read(jobs)
    while (read.some(({ status }) => status !== 'succeeded')) read = await queue.read(jobs)
    await expectServed(queue)
    expect(await queue.inFlight()).toBe(0)
  })

  test.each(PRIORITIES)(
    'and the stream of %s vanishes, the others are served, and what comes then is',
    async (priority) => {
      const { queue, jobs } = await whileHalted((queue) => drop.stream(queue, priority))
      const others = jobs.filter((job) => job.priority !== priority)
      let read = await queue.read(others)
      while (read.some(({ status }) => status !== 'succeeded')) read = await queue.read(others)
      await expectServed(queue)
    },
  )

  test('and all of Redis vanishes, what comes then is served', async () => {
    const { queue, jobs } = await whileHalted((queue) => queue.redis.flushall())
    expect(await queue.read(jobs)).toEqual([])
    await expectServed(queue)
  })
})
