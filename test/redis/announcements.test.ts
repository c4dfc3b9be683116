import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { type KnownModel, SUPERSEDED_TTL_MS } from '../../shared/announcement.ts'
import { versionId } from '../../shared/model-reference.ts'
import { noWork } from '../../shared/recent-work.ts'
import { Announcer } from '../../worker-pool/models/announcer.ts'
import { createUntilGranted } from '../../worker-pool/redis/until-granted.ts'
import { announcementOf, IDLE, manifestOf } from '../support/known-models.ts'
import { ownRedis } from '../support/own-redis.ts'
import { QUEUE, testQueue } from '../support/queue.ts'
import { SleepingClock } from '../support/sleeping-clock.ts'

const one = manifestOf('m', '1')
const two = manifestOf('m', '2')
const other = manifestOf('other', '1')

/** Who serves what, by name@version. */
function pools(known: readonly KnownModel[]): Record<string, string[]> {
  return Object.fromEntries(
    known.map(({ manifest: { name, version }, pools }) => [`${name}@${version}`, pools]),
  )
}

/** Pools under a fresh key prefix, and what an edge sees of them. */
async function announcing(url?: string) {
  const queue = await testQueue({}, url)
  const pool = async (id: string) => (await queue.consumer(id)).consumer
  return { ...queue, pool, seen: async () => pools(await queue.producer.models()) }
}

describe('what pools announce', () => {
  test('is known to the edge: each version with its manifest, the pools that serve it, and when that was', async () => {
    const { producer, pool, redis } = await announcing()
    await (await pool('a')).announce(announcementOf(one, two))
    await (await pool('b')).announce(announcementOf(two, other))
    const known = await producer.models()
    expect(known.map(({ manifest }) => manifest)).toEqual(expect.arrayContaining([one, two, other]))
    expect(pools(known)).toEqual({ 'm@1': ['a'], 'm@2': ['a', 'b'], 'other@1': ['b'] })
    const [seconds] = await redis.time()
    for (const { seenAt } of known) expect(Math.abs(seenAt - 1000 * Number(seconds))).toBeLessThan(60_000)
  })

  test('is what they announced last', async () => {
    const { pool, producer, seen } = await announcing()
    const a = await pool('a')
    await a.announce(announcementOf(one, two))
    const changed = manifestOf('m', '2', { description: 'trained again' })
    await a.announce(announcementOf(changed))
    expect(await seen()).toEqual({ 'm@1': [], 'm@2': ['a'] })
    expect((await producer.models()).map(({ manifest }) => manifest)).toContainEqual(changed)
  })

  test('says how they do, for whoever looks at Redis', async () => {
    const { pool, redis, keys } = await announcing()
    const load = {
      ...{ device: 'NVIDIA L4', inFlight: 3, imagesPerSecond: 120.5, upMs: 5 },
      ...{ drainRates: { 'm@1': 250 }, state: 'slow' as const, runningMs: 12_000, settledMsAgo: 13_000 },
      busy: { 'm@1': 0.48 },
    }
    const work = noWork()
    work.total.add(30)
    await (await pool('a')).announce({ ...announcementOf(one), load: { ...load, recent: { 'm@1': work } } })
    const record = (await redis.hget(keys.workers(), 'a'))?.replace(/^\d+ /, '') ?? ''
    expect(JSON.parse(record)).toEqual({
      ...{ models: ['m@1'], device: 'NVIDIA L4' },
      ...{ in_flight: 3, images_per_second: 120.5, up_ms: 5, drain_rates: { 'm@1': 250 } },
      ...{ state: 'slow', running_ms: 12_000, settled_ms_ago: 13_000 },
      busy: { 'm@1': 0.48 },
      recent: { 'm@1': { n: 0, q: '', p: '', t: 'a.1', b: '' } },
    })
  })

  test('says how fast a version is drained: by all live pools that have told', async () => {
    const { pool, producer, redis, keys } = await announcing()
    const rates = async () =>
      Object.fromEntries(
        (await producer.models()).map(({ manifest, drainRate }) => [versionId(manifest), drainRate]),
      )
    const load = (drainRates: Record<string, number>) => ({ ...IDLE, drainRates })
    await (await pool('a')).announce({
      ...announcementOf(one, two),
      load: load({ 'm@1': 100, 'other@1': 7 }),
    })
    await (await pool('b')).announce({ ...announcementOf(one, other), load: load({ 'm@1': 20.5 }) })
    // Of an older version, which tells none, and of a newer one, which tells them otherwise.
    await redis.hset(keys.workers(), 'old', '99999999999999 {"models":["m@1","m@2"]}')
    await redis.hset(keys.workers(), 'new', '99999999999999 {"models":["m@1"],"drain_rates":{"m@1":"fast"}}')
    expect(await rates()).toEqual({ 'm@1': 120.5, 'm@2': null, 'other@1': null })
    await redis.hset(keys.workers(), 'a', '1 {"models":["m@1"],"drain_rates":{"m@1":100}}')
    expect(await rates()).toMatchObject({ 'm@1': 20.5 })
  })

  test('says which pools are stuck: they serve nothing, and drain nothing', async () => {
    const { pool, producer } = await announcing()
    const load = (state: 'ok' | 'slow' | 'stuck', rate: number) => ({
      ...{ ...IDLE, state },
      drainRates: { 'm@1': rate },
    })
    const [a, b, c] = [await pool('a'), await pool('b'), await pool('c')]
    await a.announce({ ...announcementOf(one), load: load('stuck', 100) })
    await b.announce({ ...announcementOf(one), load: load('slow', 20) })
    await c.announce({ ...announcementOf(one), load: load('stuck', 3) })
    expect(await producer.models()).toMatchObject([{ pools: ['b'], stuckPools: ['a', 'c'], drainRate: 20 }])
    await b.leave()
    expect(await producer.models()).toMatchObject([{ pools: [], stuckPools: ['a', 'c'], drainRate: null }])
    await a.announce({ ...announcementOf(one), load: load('ok', 100) })
    expect(await producer.models()).toMatchObject([{ pools: ['a'], stuckPools: ['c'], drainRate: 100 }])
  })

  test('is forgotten when its time is over, and junk beside it is cleared away', async () => {
    const { pool, redis, keys, seen } = await announcing()
    const record = (...models: string[]) => JSON.stringify({ models })
    await redis.hset(keys.workers(), {
      dead: `1 ${record('m@1')}`,
      junk: 'garbage',
      strange: `99999999999999 {"models":7}`,
      broken: '99999999999999 {',
    })
    const manifest = JSON.stringify(manifestOf('old', '1'))
    await redis.hset(keys.models(), {
      'old@1': `1 1 ${manifest}`,
      old: `99999999999999 ${manifest}`,
      junk: '',
    })
    expect(await seen()).toEqual({})
    await (await pool('a')).announce(announcementOf(one))
    expect(await seen()).toEqual({ 'm@1': ['a'] })
    expect(await redis.hkeys(keys.models())).toEqual(['m@1'])
    expect((await redis.hkeys(keys.workers())).sort()).toEqual(['a', 'broken', 'strange'])
  })

  test('leaves a manifest known when its pool is dead, with no pool to serve it', async () => {
    const { pool, redis, keys, seen } = await announcing()
    await (await pool('a')).announce(announcementOf(one))
    await redis.hset(keys.workers(), 'a', '1 {"models":["m@1"]}')
    expect(await seen()).toEqual({ 'm@1': [] })
  })

  test('is forgotten earlier where other versions of the model are served instead: a week after that was so first', async () => {
    const { pool, redis, keys } = await announcing()
    const forLong = (seenAt: number, manifest: object) =>
      `99999999999999 ${seenAt} ${JSON.stringify(manifest)}`
    const times = async (id: string) =>
      (await redis.hget(keys.models(), id))?.split(' ').slice(0, 2).map(Number)
    await redis.hset(keys.models(), { 'm@1': forLong(1, one), 'other@1': forLong(1, other) })
    const a = await pool('a')
    await a.announce(announcementOf(two))
    const [, announcedAt = 0] = (await times('m@2')) ?? []
    const shortened = [announcedAt + SUPERSEDED_TTL_MS, 1]
    expect(await times('m@1')).toEqual(shortened)
    expect(await times('other@1')).toEqual([99999999999999, 1])
    await a.announce(announcementOf(two))
    expect(await times('m@1')).toEqual(shortened)
    // Of a pool that lives, or did until a moment ago.
    await redis.hset(keys.models(), 'm@1', forLong(announcedAt, one))
    await a.announce(announcementOf(two))
    expect(await times('m@1')).toEqual([99999999999999, announcedAt])
  })

  test('expires by itself', async () => {
    const { pool, redis, keys } = await announcing()
    await (await pool('a')).announce(announcementOf(one))
    for (const key of [keys.models(), keys.workers()]) expect(await redis.pttl(key)).toBeGreaterThan(0)
  })

  test('that this version cannot read hides nothing else', async () => {
    const { pool, redis, keys, seen } = await announcing()
    await (await pool('a')).announce(announcementOf(one))
    await redis.hset(keys.models(), {
      'n@1': '99999999999999 1 {"name":"n","version":"1","task":"speech"}',
      'x@1': '99999999999999 1 {',
      'm@7': `99999999999999 1 ${JSON.stringify(one)}`,
    })
    expect(await seen()).toEqual({ 'm@1': ['a'] })
  })

  test('can be announced on a Redis that is full', async () => {
    const { pool, redis, seen } = await announcing((await ownRedis()).url)
    const a = await pool('a')
    await redis.config('SET', 'maxmemory', '1')
    await a.announce(announcementOf(one))
    expect(await seen()).toEqual({ 'm@1': ['a'] })
  })

  test('is announced again when all of Redis was emptied under a waiting pool', async () => {
    const { consumer, redis, keys, producer } = await testQueue()
    const a = await consumer('a')
    await a.consumer.announce({ manifests: [one], withdrawn: ['m@2'], load: IDLE })
    await redis.del(keys.models(), keys.workers(), keys.queue(QUEUE))
    // Meanwhile another pool has come with what this one had withdrawn.
    await (await consumer('b')).consumer.announce(announcementOf(two))
    await redis.del(keys.queue(QUEUE), keys.workers())
    expect(await a.claim(1, 1_000)).toEqual([])
    expect(pools(await producer.models())).toEqual({ 'm@1': ['a'], 'm@2': [] })
  })
})

describe('a version that a pool withdraws', () => {
  test('is forgotten at once', async () => {
    const { pool, seen } = await announcing()
    const a = await pool('a')
    await a.announce(announcementOf(one, two))
    expect(await a.announce({ manifests: [two], withdrawn: ['m@1'], load: IDLE })).toEqual([])
    expect(await seen()).toEqual({ 'm@2': ['a'] })
  })

  test('stays known while another live pool serves it, and the pool is told so', async () => {
    const { pool, seen } = await announcing()
    const a = await pool('a')
    await a.announce(announcementOf(one, two))
    await (await pool('b')).announce(announcementOf(one))
    expect(await a.announce({ manifests: [], withdrawn: ['m@1', 'm@2'], load: IDLE })).toEqual(['m@1'])
    expect(await seen()).toEqual({ 'm@1': ['b'] })
  })

  test('is forgotten if the other pool that served it is dead, whatever it left there', async () => {
    const { pool, seen, redis, keys } = await announcing()
    await redis.hset(keys.workers(), { dead: '1 {"models":["m@1"]}', broken: '99999999999999 x' })
    const a = await pool('a')
    await a.announce(announcementOf(one))
    expect(await a.announce({ manifests: [], withdrawn: ['m@1'], load: IDLE })).toEqual([])
    expect(await seen()).toEqual({})
  })
})

describe('a version that its last live pool withdraws, while a pool that crashed still lists it', () => {
  test('is forgotten once that pool is over, without another word from the roster', async () => {
    const { pool, seen, redis, keys } = await announcing()
    const clock = new SleepingClock()
    const log = pino({ enabled: false })
    const announcer = new Announcer({
      ...{ consumer: await pool('a'), load: () => IDLE, clock, log },
      untilGranted: createUntilGranted(clock, log),
    })
    await announcer.update([one, two])
    await redis.hset(keys.workers(), 'crashed', '99999999999999 {"models":["m@1"]}')
    const { said, ended } = announcer.withdraw('m@1', [two])
    await said
    expect(await seen()).toEqual({ 'm@1': ['crashed'], 'm@2': ['a'] })
    await redis.hset(keys.workers(), 'crashed', '1 {"models":["m@1"]}')
    await announcer.repeat()
    expect(await seen()).toEqual({ 'm@2': ['a'] })
    expect(await ended).toBe('forgotten')
  })
})

describe('a pool that leaves', () => {
  test('serves nothing from then on; its manifests stay, for the jobs that wake the next', async () => {
    const { pool, seen } = await announcing()
    const [a, b] = [await pool('a'), await pool('b')]
    await a.announce(announcementOf(one))
    await b.announce(announcementOf(one, two))
    await b.leave()
    expect(await seen()).toEqual({ 'm@1': ['a'], 'm@2': [] })
  })

  test('is not announced again, not even by a heartbeat that comes late', async () => {
    const { pool, seen } = await announcing()
    const a = await pool('a')
    await a.announce(announcementOf(one))
    await a.leave()
    expect(await a.announce(announcementOf(one))).toEqual([])
    expect(await seen()).toEqual({ 'm@1': [] })
  })
})
