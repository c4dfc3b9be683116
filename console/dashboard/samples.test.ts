import { describe, expect, test } from 'vitest'
import type { PublicHistory } from '../../shared/public-history.ts'
import { type PublicStats, publicWork } from '../../shared/public-stats.ts'
import { noWork } from '../../shared/recent-work.ts'
import {
  ALL,
  columnsOf,
  type Point,
  type Sample,
  sampleOfStats,
  samplesOfHistory,
  workOfHistory,
} from './samples.ts'

const AT = Date.parse('2026-03-01T08:22:00Z')
const iso = (seconds: number) => new Date(AT + seconds * 1000).toISOString()
const work = (settled: number) => ({ ...publicWork(noWork()), settled })

function stats(seconds: number, versions: Record<string, { accepted: number | null; waiting: number }>) {
  const models = Object.entries(versions).map(([name, { accepted, waiting }]) => ({
    ...{ name, version: '1', backlog: { high: 0, normal: waiting, low: 1 }, accepted_total: accepted },
    ...{ arrival_rate: null, last_minute: work(30) },
  }))
  return {
    ...{ at: iso(seconds), models, last_minute: work(90) },
    redis: { used_memory_bytes: 5, max_memory_bytes: null },
  } as unknown as PublicStats
}

describe('what was just read', () => {
  test('is told of each version, and of all together', () => {
    const sample = sampleOfStats(
      stats(0, { a: { accepted: 1, waiting: 2 }, b: { accepted: null, waiting: 0 } }),
      [],
    )
    expect(sample).toMatchObject({ at: AT, memory: 5, accepted: { 'a@1': 1, 'b@1': null } })
    expect(sample.points['a@1']).toMatchObject({ backlog: 3, settled: 0.5, arrivals: null, p95: null })
    expect(sample.points[ALL]).toMatchObject({ backlog: 4, settled: 1.5, arrivals: null })
  })

  test('tells how fast jobs came since it was read about ten seconds ago', () => {
    const samples: Sample[] = []
    for (const [seconds, accepted] of [
      [0, 10],
      [5, 20],
      [10, 50],
      [15, 50],
    ] as const)
      samples.push(sampleOfStats(stats(seconds, { a: { accepted, waiting: 0 } }), samples))
    expect(samples.map(({ points }) => points[ALL]?.arrivals)).toEqual([null, null, 4, 3])
  })
})

test('minutes of the history are samples like those', () => {
  const [sample] = samplesOfHistory({
    minutes: [
      {
        ...{
          at: iso(0),
          backlog: 7,
          arrival_rate: 2,
          last_minute: work(60),
          redis: null,
          dead_letters: null,
        },
        pools: { ok: 1, slow: 0, stuck: 0 },
        models: { 'a@1': { backlog: 7, arrival_rate: 2, settled: 60, total_ms_p95: 40 } },
      },
    ],
  })
  expect(sample).toMatchObject({ at: AT, memory: null })
  expect(sample?.points['a@1']).toEqual({
    backlog: 7,
    arrivals: 2,
    settled: 1,
    p50: null,
    p95: 40,
    p99: null,
  })
  expect(sample?.points[ALL]).toMatchObject({ backlog: 7, arrivals: 2, settled: 1 })
})

test('a line breaks where nobody looked, and where a version was not there', () => {
  const point: Point = { backlog: 1, arrivals: 0, settled: 0, p50: null, p95: null, p99: null }
  const sample = (seconds: number, points: Record<string, Point>): Sample => ({
    ...{ at: seconds * 1000, memory: 5, accepted: {}, points },
  })
  const samples = [sample(0, { 'a@1': point }), sample(5, {}), sample(60, { 'a@1': point })]
  const { times, column } = columnsOf(samples, 'a@1', 20_000)
  expect(times).toEqual([0, 5, 6, 60])
  expect(column(({ backlog }) => backlog)).toEqual([1, null, null, 1])
  expect(column((_, { memory }) => memory)).toEqual([5, null, null, 5])
})

test('what was counted in the minutes of the history is added up', () => {
  const minute = (code: string, upTo: number) => ({
    last_minute: { ...work(1), failures: { [code]: 2 }, batch_sizes: [{ up_to: upTo, batches: 3 }] },
  })
  const minutes = [minute('a', 8), minute('b', 1), minute('a', 8)]
  expect(workOfHistory({ minutes } as unknown as PublicHistory)).toEqual({
    failures: { a: 4, b: 2 },
    batch_sizes: [
      { up_to: 1, batches: 3 },
      { up_to: 8, batches: 6 },
    ],
  })
})
