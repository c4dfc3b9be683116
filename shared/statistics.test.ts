import { expect, test } from 'vitest'
import { readPools } from './statistics.ts'

const NOW = 10_000
const record = { models: ['m@1'], device: 'cpu', in_flight: 2, images_per_second: 1.5, started_at: 5 }
const load = { busy: { 'm@1': 0.5 }, idleSeconds: 3 }
const announced = (changes: object = {}, until = NOW + 1) =>
  `${until} ${JSON.stringify({ ...record, busy: load.busy, idle_seconds: 3, ...changes })}`

const NOTHING = { busy: {}, idleSeconds: null, startedAt: null }

test('pools are told by id, as they have announced themselves', () => {
  expect(readPools({ b: announced(), a: announced({ models: [] }) }, NOW)).toEqual([
    { id: 'a', models: [], device: 'cpu', inFlight: 2, imagesPerSecond: 1.5, startedAt: 5, ...load },
    { id: 'b', models: ['m@1'], device: 'cpu', inFlight: 2, imagesPerSecond: 1.5, startedAt: 5, ...load },
  ])
})

test('what a pool does not say, or says in another way, is null, or nothing', () => {
  const said = announced({
    device: 3,
    in_flight: 'many',
    images_per_second: undefined,
    started_at: null,
    busy: { 'm@1': 2 },
    idle_seconds: 'none',
    more: 1,
  })
  expect(readPools({ a: said }, NOW)).toEqual([
    { id: 'a', models: ['m@1'], device: null, inFlight: null, imagesPerSecond: null, ...NOTHING },
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
