import { describe, expect, onTestFinished, test } from 'vitest'
import type { PublicJob } from '../../shared/public-job.ts'
import { DurableRedis, type Fsync } from '../support/durable-redis.ts'
import { example } from '../support/photos.ts'
import { type TestStack, testStack } from '../support/stack.ts'

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

test.each(['always', 'everysec'] as const)(
  'appendfsync %s: a Redis that is killed in the midst of submissions has each job whose caller has its id',
  async (fsync) => {
    const system = await systemOn(fsync)
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
    expect(await endsOf(system, accepted)).toEqual(allSucceeded(accepted))
  },
)

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

  test.each([
    ['all of it', () => 0],
    ['all but a byte', () => 1],
    ['half of it', (bytes: number) => Math.floor(bytes / 2)],
    ['its last byte', (bytes: number) => bytes - 1],
  ])(
    'appendfsync everysec: loses what was accepted in the last second (%s), whole, and nothing else',
    async (_, kept) => {
      const system = await systemOn('everysec')
      const goOn = await haltPool(system)
      const before = await submit(system, 4)
      const onDisk = await system.redis.written()
      await untilPassed(system, 1_000)
      const [last] = (await submit(system, 1)) as [string]
      const written = await system.redis.written()
      await system.redis.kill()
      await system.redis.loseAfter(onDisk + kept(written - onDisk))
      await system.redis.startAgain()

      expect(await endOf(system, last)).toBe(404)
      const left = await system.stack.redis.keys(`*${last}*`)
      expect(left).toEqual([])
      goOn()
      expect(await endsOf(system, before)).toEqual(allSucceeded(before))
      expect(await submit(system, 1).then((ids) => endsOf(system, ids))).toEqual(['succeeded'])
    },
  )
})
