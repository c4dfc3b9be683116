import { expect, test } from 'vitest'
import { publicHistory } from './public-history.ts'
import { noWork } from './recent-work.ts'
import { decodeSnapshot, encodeSnapshot, takeSnapshot } from './snapshot.ts'
import type { LivePool } from './statistics.ts'

const AT = Date.parse('2026-03-01T08:22:03Z')

function pool(id: string, told: Partial<LivePool> = {}): LivePool {
  const work = noWork()
  work.settled = 30
  work.total.add(100)
  return {
    ...{ id, models: ['m@1'], device: 'cpu', inFlight: 0, imagesPerSecond: 0, startedAt: 0, state: 'ok' },
    ...{ runningMs: 0, lastSettledAt: 0, idleMs: 0, busy: {}, recent: { 'm@1': work }, ...told },
  }
}
const queue = (model: string, jobs: number, accepted: number | null = null) => ({
  ...{ model, version: '1', jobs, accepted },
})

test('a snapshot adds up what pools did, and counts them by how they are', () => {
  const pools = [pool('a'), pool('b', { state: 'stuck' }), pool('c', { state: null })]
  expect(takeSnapshot(AT, [queue('m', 7, 100), queue('n', 3)], pools)).toMatchObject({
    ...{ at: AT, backlog: 10, pools: { ok: 2, slow: 0, stuck: 1 }, memory: null, deadLetters: null },
    work: { settled: 90 },
    versions: {
      'm@1': { backlog: 7, accepted: 100, settled: 90 },
      'n@1': { backlog: 3, accepted: null, settled: 0, totalP95: null },
    },
  })
})

test('of many versions it tells apart those with the most to do, and is small', () => {
  const queues = Array.from({ length: 300 }, (_, i) => queue(`model-${i}`, i, 1_000_000))
  const pools = Array.from({ length: 200 }, (_, i) => pool(String(i)))
  const snapshot = takeSnapshot(AT, queues, pools)
  const ids = Object.keys(snapshot.versions)
  expect([ids.length, ids.includes('model-299@1'), ids.includes('model-1@1')]).toEqual([50, true, false])
  expect(snapshot.backlog).toBe((300 * 299) / 2)
  expect(encodeSnapshot(snapshot).length).toBeLessThan(6_000)
})

test('it is read as it was written, and what was written otherwise is nothing', () => {
  const snapshot = takeSnapshot(AT, [queue('m', 7, 1)], [pool('a')], {
    ...{ memory: { used: 5, max: null }, deadLetters: 2 },
  })
  expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot)
  for (const text of ['', '{', '3', '{"at":1}']) expect(decodeSnapshot(text)).toBeUndefined()
})

test('the history tells how fast jobs came between one snapshot and the next, where they are near', () => {
  const after = (minutes: number, accepted: number) =>
    takeSnapshot(AT + minutes * 60_000, [queue('m', 0, accepted)], [])
  const { minutes } = publicHistory([after(0, 10), after(1, 70), after(9, 100), after(10, 90)])
  expect(minutes.map((minute) => minute.arrival_rate)).toEqual([null, 1, null, null])
  expect(minutes[1]).toMatchObject({ at: '2026-03-01T08:23:03.000Z', models: { 'm@1': { arrival_rate: 1 } } })
})
