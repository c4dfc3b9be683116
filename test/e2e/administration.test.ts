import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PublicDeadLetterDetails, PublicDeadLetters } from '../../shared/public-dead-letter.ts'
import type { PublicHistory } from '../../shared/public-history.ts'
import type { PublicStats } from '../../shared/public-stats.ts'
import { announcePools, tenJobs } from '../support/announced-pools.ts'
import { manifestOf } from '../support/known-models.ts'
import { loseJobs } from '../support/lost-jobs.ts'
import { example } from '../support/photos.ts'
import { MODEL, poolsOf, stackWithoutPools, type TestStack } from '../support/stack.ts'
import { storeApiKey } from '../support/stored-api-key.ts'

/** What callers call the edge, which may be behind something. */
const PUBLIC_URL = 'https://api.example'
const QUEUE = { model: MODEL, version: '1' }

let stack: TestStack
let admin: string
let caller: string
beforeAll(async () => {
  stack = await stackWithoutPools({ ALLOW_ANONYMOUS: 'false', PUBLIC_URL })
  admin = (await storeApiKey(stack, { admin: true })).token
  caller = (await storeApiKey(stack)).token
})
afterAll(() => stack?.close())

async function ask<T>(method: string, path: string, token = admin): Promise<{ status: number; body: T }> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(stack.edge.url + path, { method, headers })
  const text = await response.text()
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
}

async function accept(jobs: number): Promise<void> {
  const headers = { prefer: 'respond-async', authorization: `Bearer ${caller}` }
  for (let i = 0; i < jobs; i++)
    expect((await stack.predict(example('cat.jpg'), { headers })).status).toBe(202)
}

describe('dead letters', () => {
  test('are listed a part at a time, looked at without their photo, retried and dropped', async () => {
    await accept(3)
    const lost = await loseJobs(poolsOf(stack), QUEUE, 3)
    const first = (await ask<PublicDeadLetters>('GET', '/dead-letters?limit=2')).body
    const rest = (await ask<PublicDeadLetters>('GET', `/dead-letters?limit=2&after=${first.next}`)).body
    const listed = [...first.dead_letters, ...rest.dead_letters].map(({ id }) => id)
    expect([first.dead_letters.length, rest.next, listed.toSorted()]).toEqual([2, null, lost.toSorted()])
    const [one = '', two = ''] = listed

    const { body: details } = await ask<PublicDeadLetterDetails>('GET', `/dead-letters/${one}`)
    expect(details).toMatchObject({ id: one, model: MODEL, reason: 'instance-lost', pool: 'dying' })
    expect(details.input_bytes).toBeGreaterThan(100_000)
    expect(JSON.stringify(details).length).toBeLessThan(2_000)

    const { body: retried } = await ask<{ id: string }>('POST', `/dead-letters/${one}/retry`)
    expect(retried).toEqual({
      ...{ id: expect.stringMatching(`\\.${MODEL}$`), retry_of: one, served: false },
      urls: { get: `${PUBLIC_URL}/result/${retried.id}` },
    })
    expect((await ask('GET', `/result/${retried.id}`)).body).toMatchObject({ status: 'queued' })
    expect((await ask('POST', `/dead-letters/${one}/retry`)).status).toBe(404)

    expect((await ask('DELETE', `/dead-letters/${two}`)).status).toBe(204)
    expect((await ask('GET', `/dead-letters/${two}`)).status).toBe(404)
    expect(await stack.redis.exists(stack.keys.input(MODEL, two))).toBe(0)
    const { body: stats } = await ask<PublicStats>('GET', '/stats')
    expect(stats.dead_letters).toEqual({ total: 1, by_model: { [MODEL]: 1 } })
    expect(stats.models).toMatchObject([{ name: MODEL, accepted_total: 4 }])
  })

  test('are nobody’s business but an administrator’s', async () => {
    const [id] = (await ask<PublicDeadLetters>('GET', '/dead-letters')).body.dead_letters.map(({ id }) => id)
    for (const [method, path] of [
      ['GET', '/dead-letters'],
      ['GET', `/dead-letters/${id}`],
      ['POST', `/dead-letters/${id}/retry`],
      ['DELETE', `/dead-letters/${id}`],
      ['GET', '/stats/history'],
    ] as const) {
      expect((await ask(method, path, caller)).status).toBe(403)
      expect((await ask(method, path, 'nobody')).status).toBe(401)
    }
    expect((await ask('GET', `/dead-letters/${id}`)).status).toBe(200)
  })
})

test('what two hundred pools did is told together, by version, and kept for the last hour', async () => {
  const recent = { 'dogs@1': tenJobs() }
  await announcePools(poolsOf(stack), manifestOf('dogs', '1'), 200, () => ({ recent }))
  let { body: stats } = await ask<PublicStats>('GET', '/stats')
  // The edge remembers models for some seconds.
  while (stats.models.length < 2) stats = (await ask<PublicStats>('GET', '/stats')).body
  expect(stats.pools).toHaveLength(200)
  const dogs = stats.models.find(({ name }) => name === 'dogs')
  expect(dogs).toMatchObject({ state: 'live', drain_rate: 400, eta_seconds: 0, accepted_total: 0 })
  expect(dogs?.last_minute).toMatchObject({
    ...{ settled: 2_000, failures: { 'undecodable-image': 200 } },
    batch_sizes: [
      { up_to: 2, batches: 200 },
      { up_to: 4, batches: 400 },
    ],
    latency_ms: { predict: { p99: expect.any(Number) }, total: { p99: expect.any(Number) } },
  })
  expect(stats.last_minute).toEqual(dogs?.last_minute)
  expect(stats.models.find(({ name }) => name === MODEL)).toMatchObject({
    ...{ state: 'waiting', eta_seconds: null, last_minute: { settled: 0 } },
  })

  const { minutes } = (await ask<PublicHistory>('GET', '/stats/history')).body
  expect(minutes[0]).toMatchObject({
    ...{ backlog: expect.any(Number), dead_letters: expect.any(Number), pools: { stuck: 0 } },
    models: { [`${MODEL}@1`]: { backlog: expect.any(Number), settled: 0 } },
  })
})
