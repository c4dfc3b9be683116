import { describe, expect, onTestFinished, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { DurableRedis, type Fsync } from '../support/durable-redis.ts'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'

/**
 * With `everysec`, Redis writes to its file once a second; while its disk is still at work on the last second, it keeps what comes in its own
 * memory, for two seconds at most. So that is what a crash may take, be it of the machine or of Redis alone.
 */
const POSTPONED_MS = 2_000

interface System {
  redis: DurableRedis
  stack: TestStack
}

async function systemOn(fsync: Fsync): Promise<System> {
  const redis = await DurableRedis.start(fsync)
  const stack = await testStack({ redisUrl: redis.url })
  onTestFinished(() => stack.close())
  return { redis, stack }
}

/** The id with which a caller is told that the job is accepted; undefined where he is told to try again. */
async function submitted({ stack }: System): Promise<string | undefined> {
  const response = await stack.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })
  if (response.status !== 202) {
    await response.text()
    expect(response.status).toBe(503)
    return undefined
  }
  return ((await response.json()) as PublicJob).id
}

async function submit(system: System, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    const id = await submitted(system)
    if (id === undefined) throw new Error('a job was not accepted')
    ids.push(id)
  }
  return ids
}

/** How a job ends, or the status of the answer where there is none; asked for until Redis is there. */
async function endOf({ stack }: System, id: string): Promise<string | number> {
  for (;;) {
    const response = await stack.get(`/result/${id}?wait=60`)
    const { status } = (await response.json()) as { status: string }
    if (response.status === 200) return status
    if (response.status !== 503 && response.status !== 202) return response.status
  }
}

const endsOf = (system: System, ids: readonly string[]) => Promise.all(ids.map((id) => endOf(system, id)))
const allSucceeded = (ids: readonly string[]) => ids.map(() => 'succeeded')

/** What comes meanwhile stays in the queue; then the pool goes on as if nothing had been. */
async function haltPool({ stack }: System): Promise<() => void> {
  const pid = stack.pools[0]?.pid as number
  process.kill(pid, 'SIGSTOP')
  return () => process.kill(pid, 'SIGCONT')
}

/** Until Redis' own clock has gone on by so much, in ms. */
async function untilPassed({ stack }: System, ms: number): Promise<void> {
  const now = async () => {
    const [seconds, microseconds] = await stack.redis.time()
    return Number(seconds) * 1000 + Number(microseconds) / 1000
  }
  const begin = await now()
  while ((await now()) - begin < ms);
}

/** Ids of jobs that callers have been told are accepted when Redis is killed; it is started again. */
async function killedInTheMidst(system: System): Promise<string[]> {
  const accepted: string[] = []
  let isGone = false
  const caller = async () => {
    while (!isGone) {
      const id = await submitted(system)
      if (id === undefined) return
      accepted.push(id)
    }
  }
  const callers = Array.from({ length: 4 }, caller)
  while (accepted.length < 20) await new Promise(setImmediate)
  await system.redis.kill()
  isGone = true
  await Promise.all(callers)
  await system.redis.startAgain()
  return accepted
}

describe('a Redis that is killed in the midst of submissions', () => {
  test('appendfsync always: has each job whose caller has its id', async () => {
    const system = await systemOn('always')
    const accepted = await killedInTheMidst(system)
    expect(await endsOf(system, accepted)).toEqual(allSucceeded(accepted))
  })

  test('appendfsync everysec: has each that was accepted more than two seconds before, and each other whole or not', async () => {
    const system = await systemOn('everysec')
    const before = await submit(system, 4)
    await untilPassed(system, POSTPONED_MS)
    const late = await killedInTheMidst(system)
    expect(await endsOf(system, before)).toEqual(allSucceeded(before))
    for (const end of await endsOf(system, late)) expect(['succeeded', 404]).toContain(end)
  })
})

describe('a machine that goes down with its Redis', () => {
  test('appendfsync always: loses no job whose caller has its id; a pool that was there all along runs them', async () => {
    const system = await systemOn('always')
    const goOn = await haltPool(system)
    const accepted = await submit(system, 5)
    // Redis has its disk write before it answers: what was in the file by the last answer is on the disk.
    const onDisk = await system.redis.written()
    await system.redis.kill()
    await system.redis.loseAfter(onDisk)
    await system.redis.startAgain()
    goOn()
    expect(await endsOf(system, accepted)).toEqual(allSucceeded(accepted))
  })

  test('appendfsync everysec: loses what was accepted last, whole, wherever the file ends, and nothing that is two seconds old', async () => {
    const system = await systemOn('everysec')
    for (const kept of [() => 0, () => 1, (bytes: number) => bytes / 2, (bytes: number) => bytes - 1]) {
      const goOn = await haltPool(system)
      const before = await submit(system, 4)
      await untilPassed(system, POSTPONED_MS)
      const onDisk = await system.redis.written()
      const [last] = (await submit(system, 1)) as [string]
      let written = onDisk
      while (written === onDisk) written = await system.redis.written()
      await system.redis.kill()
      await system.redis.loseAfter(onDisk + Math.floor(kept(written - onDisk)))
      await system.redis.startAgain()

      expect(await endOf(system, last)).toBe(404)
      expect(await system.stack.redis.keys(`*${last}*`)).toEqual([])
      goOn()
      expect(await endsOf(system, before)).toEqual(allSucceeded(before))
      expect(await endsOf(system, await submit(system, 1))).toEqual(['succeeded'])
    }
  })
})
