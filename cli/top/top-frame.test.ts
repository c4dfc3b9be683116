import { describe, expect, test } from 'vitest'
import type { PoolState, ServiceState, VersionState } from '../stats/service-state.ts'
import { topFrame } from './top-frame.ts'

const at = new Date('2026-01-02T03:04:05.678Z')
const options = { colour: false, place: 'localhost:8787', at, isLive: true }

function version(name: string, jobs: number, changes: Partial<VersionState> = {}): VersionState {
  const backlog = { high: 0, normal: jobs, low: 0 }
  return {
    name,
    version: '1',
    backlog,
    oldest_waiting_seconds: null,
    drain_rate: null,
    pools: [],
    ...changes,
  }
}

function pool(id: string, changes: Partial<PoolState> = {}): PoolState {
  return {
    ...{ id, models: ['a@1'], device: 'cpu', in_flight: 1, images_per_second: 10, busy: { 'a@1': 0.5 } },
    ...{ started_at: null, state: 'ok', running_for_seconds: 0, last_settled_at: null, ...changes },
  }
}

const stuck = pool('z-stuck', { state: 'stuck', running_for_seconds: 400 })
const state: ServiceState = {
  models: [version('a', 3, { drain_rate: 2, oldest_waiting_seconds: 1.5, pools: ['p1'] }), version('b', 40)],
  pools: [pool('p1'), pool('p2', { busy: { 'a@1': 0.9 } }), stuck],
  redis: { used_memory_bytes: 2 ** 20, max_memory_bytes: 2 ** 22 },
}
const many: ServiceState = {
  ...state,
  models: Array.from({ length: 60 }, (_, i) => version(`model-with-a-long-name-${i}`, i)),
  pools: Array.from({ length: 200 }, (_, i) => pool(`pool-${String(i).padStart(3, '0')}`)).concat(stuck),
}

describe('a frame', () => {
  test('shows what waits most and what does not get on first', () => {
    const lines = topFrame(state, options)
    expect(lines[0]).toBe('edgebatch top  localhost:8787  03:04:05Z  q quits')
    expect(lines[1]).toBe('43 jobs  oldest 1.5 s  out 30.0/s  3 pools')
    expect(lines[2]).toBe('Redis 1.0 MiB of 4.0 MiB (25%)')
    const firsts = lines.map((line) => line.split(' ')[0])
    expect(firsts.slice(3)).toEqual(['', 'MODEL', 'b@1', 'a@1', '', 'POOL', 'z-stuck', 'p2', 'p1'])
    expect(lines.find((line) => line.startsWith('a@1'))).toMatch(/ 0 +3 +0 +1\.5 s +- +2\.0 +1\.5 s +1$/)
    expect(lines.find((line) => line.startsWith('z-stuck'))).toMatch(/stuck +7 min +cpu/)
  })

  test('shows arrivals, latencies and dead letters where they are told', () => {
    const total = { p50: 12.5, p95: 40, p99: 80 }
    const told = {
      ...state,
      arrival_rate: 7,
      last_minute: { latency_ms: { total } },
      dead_letters: { total: 2 },
    }
    const text = topFrame(told, options).join('\n')
    for (const part of ['in 7.0/s', 'p50 12.5 ms, p95 40 ms, p99 80 ms', '2 dead letters'])
      expect(text).toContain(part)
  })

  test.each([
    [80, 24],
    [40, 10],
    [200, 60],
  ])('fits %i x %i, however much there is, and tells what is left out', (columns, rows) => {
    const lines = topFrame(many, { ...options, columns, rows, failure: 'cannot reach the edge '.repeat(9) })
    expect(lines.length).toBeLessThanOrEqual(rows)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    const text = lines.join('\n')
    expect(text).toMatch(/… and \d+ more versions/)
    if (rows >= 24) expect(text).toMatch(/z-stuck.*… and \d+ more pools/s)
  })

  test('is coloured only where that is wanted', () => {
    const ESCAPE = '\u001b['
    expect(topFrame(state, options).join()).not.toContain(ESCAPE)
    const coloured = topFrame(state, { ...options, colour: true })
    expect(coloured.find((line) => line.includes('z-stuck'))).toContain(`${ESCAPE}31m`)
  })

  test('says so where there is nothing', () => {
    const text = topFrame({ models: [], pools: [], redis: null }, options).join('\n')
    expect(text).toContain('0 jobs  oldest -')
    for (const part of ['no versions', 'no pools', 'Redis -']) expect(text).toContain(part)
  })
})
