import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { startStack } from '../../local-stack/stack.ts'
import { systemClock } from '../../shared/clock.ts'
import { checkRedis } from '../../worker-pool/machine/doctor/redis-check.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { newJob, PoolQueue } from '../support/pool-queue.ts'
import { processEnv } from '../support/process-env.ts'

const POLICIES = ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-ttl'] as const

function admin({ url }: OwnRedis): Redis {
  const redis = new Redis(url, { protocol: 2 })
  onTestFinished(() => redis.disconnect())
  return redis
}

async function redisThatEvicts(policy = 'allkeys-lru'): Promise<OwnRedis> {
  const redis = await ownRedis()
  await admin(redis).config('SET', 'maxmemory-policy', policy)
  return redis
}

const memoryCheck = async ({ url }: OwnRedis) =>
  (await checkRedis(url, systemClock)).find(({ name }) => name === "Redis' memory")

describe('a Redis that drops jobs when it is full', () => {
  test('is told of by a pool when it starts, once and with the fix; it serves all the same', async () => {
    const queue = await PoolQueue.open((await redisThatEvicts()).url)
    const pool = await queue.startPool()
    const [job] = await (await queue.enqueue([newJob(1)])).settled
    expect(job).toMatchObject({ status: 'succeeded' })
    await pool.stop()
    const lines = (await pool.log()).split('\n').filter((line) => line.includes('maxmemory-policy'))
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 40,
        msg: expect.stringContaining('maxmemory-policy allkeys-lru'),
        fix: expect.stringContaining('noeviction'),
      },
    ])
  })

  test.each(POLICIES)('%s is one, says the doctor', async (policy) => {
    expect(await memoryCheck(await redisThatEvicts(policy))).toMatchObject({
      state: 'warning',
      found: expect.stringContaining(policy),
      fix: expect.stringContaining('noeviction'),
    })
  })

  test('is told of by npm start, where it is not its own', async () => {
    const said: string[] = []
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-stack-'))
    const stack = await startStack({
      ...{ folder, edgePort: 0, edgeRuntime: 'node', pools: 0, env: processEnv() },
      redisUrl: (await redisThatEvicts()).url,
      onProgress: (part, line) => said.push(`${part}: ${line}`),
    })
    onTestFinished(async () => {
      await stack.stop()
      await rm(folder, { recursive: true, force: true })
    })
    expect(said.filter((line) => line.includes('maxmemory'))).toEqual([
      expect.stringMatching(/^redis: warning: .*allkeys-lru.*noeviction/),
    ])
  })
})

describe('nothing is said', () => {
  test('of a Redis that refuses instead', async () => {
    const redis = await ownRedis()
    expect(await memoryCheck(redis)).toBeUndefined()
    const queue = await PoolQueue.open(inject('redisUrl'))
    const pool = await queue.startPool()
    await pool.stop()
    expect(await pool.log()).not.toContain('maxmemory')
  })

  test('where a user may not ask', async () => {
    const redis = await redisThatEvicts()
    await admin(redis).call('ACL', 'SETUSER', 'pool', 'on', '>secret', '~*', '&*', '+@all', '-info')
    const url = new URL(redis.url)
    url.username = 'pool'
    url.password = 'secret'
    const tcp = await RedisTcp.connect(url.href)
    onTestFinished(() => tcp.close())
    expect(await tcp.evictionPolicy()).toBeUndefined()
  })
})
