import { expect, inject, onTestFinished, test } from 'vitest'
import { RedisHistory } from '../../shared/redis-history.ts'
import { RedisStatistics } from '../../shared/redis-statistics.ts'
import { HISTORY_TTL_MS, MINUTE_MS, takeSnapshot } from '../../shared/snapshot.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { testQueue } from '../support/queue.ts'

/** The history of a queue, and its snapshots of so many minutes ago. */
async function history(ownUrl?: string) {
  const queue = await testQueue({}, ownUrl)
  const tcp = await RedisTcp.connect(ownUrl ?? inject('redisUrls').edge)
  onTestFinished(() => tcp.close())
  const [seconds] = await queue.redis.time()
  const minute = Math.floor((Number(seconds) * 1000) / MINUTE_MS) * MINUTE_MS
  const ago = (minutes: number, jobs = 0) =>
    takeSnapshot(minute - minutes * MINUTE_MS + 1, [{ model: 'm', version: '1', jobs, accepted: 0 }], [])
  return {
    ...queue,
    ...{ ago, tcp, history: new RedisHistory(tcp, queue.keys) },
  }
}

test('one snapshot a minute is kept, whoever comes first, and for a while after the last', async () => {
  const { history: kept, ago, redis, keys } = await history()
  await kept.record(ago(1, 5))
  await kept.record(ago(1, 6))
  await kept.record(ago(0, 7))
  await kept.record(ago(2, 8))
  expect((await kept.read()).map(({ backlog }) => backlog)).toEqual([5, 7])
  const ttl = await redis.pttl(keys.history())
  expect(ttl).toBeGreaterThan(0)
  expect(ttl).toBeLessThanOrEqual(HISTORY_TTL_MS)
})

test('an hour is told, in sixty snapshots at most', async () => {
  const { history: kept, ago, redis, keys } = await history()
  for (let minutes = 70; minutes >= 0; minutes--)
    if (minutes < 20 || minutes % 2 === 0) await kept.record(ago(minutes, minutes))
  const told = (await kept.read()).map(({ backlog }) => backlog)
  expect([told[0], told.at(-1), told.length]).toEqual([58, 0, 40])
  for (let minutes = 1; minutes <= 100; minutes++) await kept.record(ago(-minutes))
  expect(await redis.xlen(keys.history())).toBe(60)
})

test('what another edge has written in another way is passed over', async () => {
  const { history: kept, ago, redis, keys } = await history()
  await redis.xadd(keys.history(), '1-0', 'something', 'else')
  await kept.record(ago(0, 3))
  expect(await kept.read()).toMatchObject([{ backlog: 3 }])
})

test('who asks for statistics is told of the latest two', async () => {
  const { history: kept, ago, tcp, keys } = await history()
  const statistics = new RedisStatistics(tcp, keys)
  expect((await statistics.read([])).snapshots).toEqual([])
  for (const minutes of [3, 2, 1]) await kept.record(ago(minutes, minutes))
  expect((await statistics.read([])).snapshots).toEqual([ago(2, 2), ago(1, 1)])
})

test('a Redis that is full refuses it', async () => {
  const { history: kept, ago, redis } = await history((await ownRedis()).url)
  await redis.config('SET', 'maxmemory', '1')
  await expect(kept.record(ago(0))).rejects.toThrow(/^OOM/)
})
