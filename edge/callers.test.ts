import { describe, expect, test } from 'vitest'
import { type ApiKeyRecord, apiKeyDigest, newApiKey, ownerOf } from '../shared/api-key.ts'
import { RedisUnreachableError } from '../shared/redis-commands.ts'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { Callers } from './callers.ts'

async function newRecord(changes: Partial<ApiKeyRecord> = {}) {
  const { id, token } = newApiKey()
  const sha256 = await apiKeyDigest(token)
  const record: ApiKeyRecord = {
    ...{ id, name: '', sha256, models: null, priorities: ['normal', 'low'], rate: null, admin: false },
    ...{ created_at: '2026-01-02T03:04:05Z', expires_at: null },
    ...changes,
  }
  return { id, token, record, bearer: `Bearer ${token}` }
}

/** Callers over a store that tells how often it was asked. */
function callers(stored: Record<string, unknown> = {}, allowAnonymous = false) {
  const clock = new SleepingClock()
  const store = new Map(Object.entries(stored).map(([id, value]) => [id, JSON.stringify(value)]))
  let asked = 0
  /** Redis' time: this machine's clock is an hour off. */
  const redisMs = () => clock.now() + 3_600_000
  const find = async (id: string) => {
    asked++
    return { stored: store.get(id), nowMs: redisMs() }
  }
  return { callers: new Callers({ find }, clock, allowAnonymous), clock, redisMs, store, asked: () => asked }
}

const UNAUTHORIZED = { name: 'ProblemError', code: 'unauthorized' }

describe('without a key', () => {
  test('nobody is served, and the answer says how to get one', async () => {
    await expect(callers().callers.identify(undefined)).rejects.toMatchObject({
      ...UNAUTHORIZED,
      detail: expect.stringContaining('npx edgebatch keys create'),
    })
  })

  test('everybody is, where that is allowed', async () => {
    expect(await callers({}, true).callers.identify(undefined)).toEqual({ kind: 'anonymous' })
  })
})

describe('a key', () => {
  test('is known by its token, with its record as it is stored', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, store } = callers({ [id]: record })
    const caller = await known.identify(bearer)
    expect(caller).toEqual({ kind: 'key', record, stored: store.get(id) })
    expect(ownerOf(caller)).toBe(id)
  })

  test('is taken whatever the case of the scheme', async () => {
    const { id, token, record } = await newRecord()
    expect(await callers({ [id]: record }).callers.identify(`bearer  ${token} `)).toMatchObject({ record })
  })

  test('with another secret is refused, also where none is needed', async () => {
    const { id, record } = await newRecord()
    const forged = newApiKey().token.replace(/^eb_[^_]+/, `eb_${id}`)
    for (const anonymousToo of [false, true])
      await expect(
        callers({ [id]: record }, anonymousToo).callers.identify(`Bearer ${forged}`),
      ).rejects.toMatchObject(UNAUTHORIZED)
  })

  test('that is unknown is refused in the same words as one with a wrong secret', async () => {
    const { id, record } = await newRecord()
    const forged = newApiKey().token.replace(/^eb_[^_]+/, `eb_${id}`)
    const details = [forged, newApiKey().token].map((token) =>
      callers({ [id]: record })
        .callers.identify(`Bearer ${token}`)
        .catch((error) => error.detail),
    )
    expect(await details[0]).toBe(await details[1])
  })

  test('is refused from its end on, by Redis’ clock, and only its holder is told why', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, clock, redisMs, store } = callers()
    store.set(id, JSON.stringify({ ...record, expires_at: new Date(redisMs() + 5_000).toISOString() }))
    clock.pass(4_999)
    expect(await known.identify(bearer)).toMatchObject({ kind: 'key' })
    clock.pass(1)
    await expect(known.identify(bearer)).rejects.toMatchObject({
      ...UNAUTHORIZED,
      detail: expect.stringContaining('expired'),
    })
    const forged = newApiKey().token.replace(/^eb_[^_]+/, `eb_${id}`)
    await expect(known.identify(`Bearer ${forged}`)).rejects.not.toMatchObject({
      detail: expect.stringContaining('expired'),
    })
  })

  test.each([
    ['is damaged', () => 'junk'],
    ['has a field that is not known here', (record: ApiKeyRecord) => ({ ...record, only_at_night: true })],
    ['belongs to another id', (record: ApiKeyRecord) => ({ ...record, id: 'abcdefghijkl' })],
  ])('whose record %s is refused', async (_, change) => {
    const { id, bearer, record } = await newRecord()
    await expect(callers({ [id]: change(record) }).callers.identify(bearer)).rejects.toMatchObject(
      UNAUTHORIZED,
    )
  })

  test('is not let in while Redis cannot be asked', async () => {
    const find = () => Promise.reject(new RedisUnreachableError('away'))
    const { bearer } = await newRecord()
    await expect(new Callers({ find }, new SleepingClock(), true).identify(bearer)).rejects.toThrow('away')
  })
})

test.each([
  '',
  'Bearer',
  'Bearer ',
  'Basic dXNlcjpwYXNz',
  'Bearer eb_a_b',
  'Bearer a b',
  'eb_abcdefghijkl_x',
])('the header "%s" is refused without asking Redis, and without being quoted', async (header) => {
  const { callers: known, asked } = callers({}, true)
  const error = await known.identify(header).catch((error) => error)
  expect(error).toMatchObject(UNAUTHORIZED)
  expect(asked()).toBe(0)
  if (header.length > 7) expect(error.message).not.toContain(header.slice(7))
})

describe('what is remembered', () => {
  test('is asked of Redis once in ten seconds; then a revocation is seen', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, clock, store, asked } = callers({ [id]: record })
    await known.identify(bearer)
    store.delete(id)
    clock.pass(9_999)
    expect(await known.identify(bearer)).toMatchObject({ kind: 'key' })
    expect(asked()).toBe(1)
    clock.pass(1)
    await expect(known.identify(bearer)).rejects.toMatchObject(UNAUTHORIZED)
    expect(asked()).toBe(2)
  })

  test('is also that an id is none, until it may have become one', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, clock, store, asked } = callers()
    for (let i = 0; i < 3; i++) await expect(known.identify(bearer)).rejects.toMatchObject(UNAUTHORIZED)
    expect(asked()).toBe(1)
    store.set(id, JSON.stringify(record))
    clock.pass(10_000)
    expect(await known.identify(bearer)).toMatchObject({ kind: 'key' })
  })

  test('is forgotten when it is told so', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, store } = callers({ [id]: record })
    await known.identify(bearer)
    store.set(id, JSON.stringify({ ...record, models: ['m'] }))
    known.forget(id)
    expect(await known.identify(bearer)).toMatchObject({ record: { models: ['m'] } })
  })

  test('is not displaced by any number of guesses', async () => {
    const { id, bearer, record } = await newRecord()
    const { callers: known, asked } = callers({ [id]: record })
    await known.identify(bearer)
    for (let i = 0; i < 2_000; i++) await known.identify(`Bearer ${newApiKey().token}`).catch(() => {})
    expect(asked()).toBe(2_001)
    await known.identify(bearer)
    expect(asked()).toBe(2_001)
  })

  test('is at most a thousand keys, of which the oldest goes', async () => {
    const keys = await Promise.all(Array.from({ length: 1_001 }, () => newRecord()))
    const { callers: known, asked } = callers(Object.fromEntries(keys.map(({ id, record }) => [id, record])))
    for (const { bearer } of keys) await known.identify(bearer)
    await known.identify(keys[1]?.bearer)
    expect(asked()).toBe(1_001)
    await known.identify(keys[0]?.bearer)
    expect(asked()).toBe(1_002)
  })
})
