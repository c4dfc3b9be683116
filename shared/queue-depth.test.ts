import { describe, expect, test } from 'vitest'
import { queueDepth } from './queue-depth.ts'
import type { LivePool } from './statistics.ts'

const KEPT_WARM_SECONDS = 600
const queue = (model: string, jobs: number, version = '1') => ({ model, version, jobs })
const pool = (told: Partial<LivePool> = {}): LivePool => ({
  ...{ id: 'p', models: ['m@1'], device: 'cuda', inFlight: 0, imagesPerSecond: 0, startedAt: 0 },
  ...{ state: 'ok', runningMs: 0, lastSettledAt: 0, busy: {}, recent: {}, idleMs: KEPT_WARM_SECONDS * 1000 },
  ...told,
})
const total = (queues: Parameters<typeof queueDepth>[0], pools: LivePool[] = []) =>
  queueDepth(queues, pools, KEPT_WARM_SECONDS).total

describe('the depth that machines are scaled by', () => {
  test('is 0 where no job is and no pool has had one for a while', () => {
    expect(total([queue('m', 0)])).toBe(0)
    expect(total([queue('m', 0)], [pool()])).toBe(0)
  })

  test('is 1 where no model is known, as no job could be accepted that would start a pool', () => {
    expect(total([])).toBe(1)
    expect(total([], [pool({ models: [] })])).toBe(1)
  })

  test('is the jobs of all versions that wait or are in flight', () => {
    expect(total([queue('m', 3), queue('m', 4, '2'), queue('n', 5)])).toBe(12)
  })

  test('is how busy pools are, in percent of one, where fewer jobs are there at the moment', () => {
    const pools = [pool({ busy: { 'm@1': 0.75 } }), pool({ id: 'q', busy: { 'm@1': 0.5 } })]
    expect(total([queue('m', 7)], pools)).toBe(125)
    expect(total([queue('m', 300)], pools)).toBe(300)
  })

  test('does not count how busy pools are with versions that are no longer known', () => {
    expect(total([queue('m', 7)], [pool({ models: ['m@1', 'm@0'], busy: { 'm@0': 1 } })])).toBe(7)
  })

  test('is at least 1 until no pool has settled a job for the time that they are kept warm', () => {
    const idle = (idleMs: number | null) => total([queue('m', 0)], [pool({ idleMs })])
    expect(idle(KEPT_WARM_SECONDS * 1000 - 1)).toBe(1)
    expect(idle(KEPT_WARM_SECONDS * 1000)).toBe(0)
    expect(idle(null)).toBe(0)
  })
})

test('by model it counts the versions of that one, and the pools that serve it', () => {
  const queues = [queue('a', 1), queue('a', 2, '2'), queue('b', 0), queue('c', 0)]
  const pools = [
    pool({ models: ['a@1', 'b@1'], busy: { 'a@1': 0.25, 'b@1': 0.5 } }),
    pool({ id: 'q', models: ['a@2'], busy: { 'a@2': 0.5 } }),
    pool({ id: 'r', models: ['c@1'], idleMs: 3_000 }),
  ]
  expect(queueDepth(queues, pools, KEPT_WARM_SECONDS)).toEqual({
    total: 125,
    byModel: { a: 75, b: 50, c: 1 },
  })
})
