import { expect, test } from 'vitest'
import { POOL_TTL_MS, poolRecord } from './announcement.ts'
import { noWork } from './recent-work.ts'
import { readPools } from './statistics.ts'

const NOW = 1_000_000
/** When pools here announced themselves. */
const SAID_AT = NOW - 20_000
const load = {
  ...{ device: 'cpu', inFlight: 2, imagesPerSecond: 1.5, drainRates: {}, upMs: 500_000 },
  busy: { 'm@1': 0.5 },
  recent: {},
  ...{ state: 'ok' as const, runningMs: 100, settledMsAgo: 3_000 },
}
const record = { ...JSON.parse(poolRecord([], load)), models: ['m@1'] }
const announced = (changes: object = {}, until = SAID_AT + POOL_TTL_MS) =>
  `${until} ${JSON.stringify({ ...record, ...changes })}`

const read = {
  ...{ models: ['m@1'], device: 'cpu', inFlight: 2, imagesPerSecond: 1.5, state: 'ok', runningMs: 100 },
  recent: {},
  ...{ busy: { 'm@1': 0.5 }, startedAt: SAID_AT - 500_000, lastSettledAt: SAID_AT - 3_000, idleMs: 23_000 },
}

test('pools are told by id, as they have announced themselves; what was a while ago, by Redis’ clock', () => {
  expect(readPools({ b: announced(), a: announced({ models: [] }) }, NOW)).toEqual([
    { id: 'a', ...read, models: [] },
    { id: 'b', ...read },
  ])
})

test('what a pool does not say, or says in another way, is null, or nothing', () => {
  const said = announced({
    ...{ device: 3, in_flight: 'many', images_per_second: undefined, up_ms: null, more: 1 },
    ...{ state: 'tired', running_ms: -1, settled_ms_ago: null, busy: { 'm@1': 2 } },
    recent: { 'm@1': { n: 'many' } },
  })
  const nothing = {
    device: null,
    inFlight: null,
    imagesPerSecond: null,
    startedAt: null,
    ...{ busy: {}, recent: {} },
    idleMs: null,
  }
  expect(readPools({ a: said }, NOW)).toEqual([
    { id: 'a', models: ['m@1'], ...nothing, state: null, runningMs: null, lastSettledAt: null },
  ])
})

test('spans that lead to no moment that there can be are nothing', () => {
  const spans = { up_ms: 1e300, running_ms: 9e15, settled_ms_ago: 1e300 }
  expect(readPools({ a: announced(spans) }, NOW)).toMatchObject([
    { startedAt: null, runningMs: null, lastSettledAt: null, idleMs: null },
  ])
})

test('what a pool did lately is read as it told it; what cannot be read is as if it had not been counted', () => {
  const work = noWork()
  work.settled = 2
  work.failures['undecodable-image'] = 1
  work.total.add(30)
  const { recent } = JSON.parse(poolRecord([], { ...load, recent: { 'm@1': work } }))
  expect(readPools({ a: announced({ recent }) }, NOW)).toMatchObject([{ recent: { 'm@1': work } }])
  recent['m@1'].t = '99.1'
  const [pool] = readPools({ a: announced({ recent }) }, NOW)
  expect(pool?.recent['m@1']).toMatchObject({ settled: 2 })
  expect(pool?.recent['m@1']?.total.total).toBe(0)
})

test.each([
  ['slow', 120_000],
  ['stuck', 120_000],
  ['ok', 100_000],
])('a run that was %s when it was told of has gone on since, any other is over', (state, runningMs) => {
  expect(readPools({ a: announced({ state, running_ms: 100_000 }) }, NOW)).toMatchObject([{ runningMs }])
})

test('a pool is idle since it settled something last, or, if it never has, since it started', () => {
  const idle = (changes: object) => readPools({ a: announced(changes) }, NOW)[0]?.idleMs
  expect(idle({ settled_ms_ago: 3_000 })).toBe(23_000)
  expect(idle({ settled_ms_ago: null })).toBe(520_000)
})

test('a pool that announces itself for longer than others did so by now', () => {
  expect(readPools({ a: announced({ up_ms: 0 }, NOW + 10 * POOL_TTL_MS) }, NOW)).toMatchObject([
    { startedAt: NOW },
  ])
})

test.each([
  ['whose time is over', announced({}, NOW)],
  ['without a time', JSON.stringify(record)],
  ['that is no JSON', `${NOW + 1} {`],
  ['that is no object', `${NOW + 1} 3`],
  ['without models', announced({ models: undefined })],
  ['that is empty', ''],
])('a record %s is left out, and the others are told', (_, text) => {
  expect(readPools({ a: text, b: announced() }, NOW).map(({ id }) => id)).toEqual(['b'])
})
