import { describe, expect, test } from 'vitest'
import { HandClock } from '../../test/support/hand-clock.ts'
import { manifestOf } from '../../test/support/known-models.ts'
import type { SettledBatch } from './pool-observer.ts'
import { RunWatch } from './run-watch.ts'

const STUCK_AFTER_MS = 300_000
const model = manifestOf('m', '1')

/** A pool whose runs take what the test says, warmed by one of `warmMs`. */
function watching(warmMs = 20) {
  const clock = new HandClock()
  let forMs = 0
  const watch = new RunWatch({
    runs: () => [
      { manifest: model, forMs },
      { manifest: manifestOf('other', '1'), forMs: 0 },
    ],
    stuckAfterMs: STUCK_AFTER_MS,
    elapsed: () => clock.now(),
  })
  watch.modelServed(model, { images: 1, ms: warmMs })
  const settled = (ms: number) => {
    const settledAt = clock.now()
    watch.batchSettled({
      ...{ manifest: model, size: 1 },
      times: { inferBegin: settledAt - ms, inferEnd: settledAt, settledAt },
    } as SettledBatch)
  }
  const runsFor = (ms: number) => {
    forMs = ms
  }
  /** The state where a run has taken so long. */
  const stateAfter = (ms: number) => {
    runsFor(ms)
    return watch.tell().state
  }
  return { watch, clock, settled, runsFor, stateAfter }
}

describe('a pool', () => {
  test('is ok while nothing runs, and while a run takes what runs take', () => {
    const { watch, stateAfter } = watching()
    expect(watch.tell()).toEqual({ state: 'ok', runningMs: 0, settledMsAgo: null })
    expect(stateAfter(200)).toBe('ok')
    expect(watch.tell().runningMs).toBe(200)
  })

  test('is slow where a run takes ten times as long as the longest lately, and ten seconds at least', () => {
    const { stateAfter, settled } = watching(20)
    expect(stateAfter(10_000)).toBe('ok')
    expect(stateAfter(10_001)).toBe('slow')
    settled(3_000)
    settled(10)
    expect(stateAfter(27_000)).toBe('ok')
    expect(stateAfter(27_001)).toBe('slow')
    for (let i = 0; i < 10; i++) settled(10)
    expect(stateAfter(10_001)).toBe('slow')
  })

  test('is stuck where a run takes longer than any may, however long they take', () => {
    const { stateAfter, settled } = watching()
    settled(100_000)
    expect(stateAfter(STUCK_AFTER_MS)).toBe('ok')
    expect(stateAfter(STUCK_AFTER_MS + 1)).toBe('stuck')
  })

  test('is ok again when the run has ended', () => {
    const { stateAfter } = watching()
    expect([stateAfter(STUCK_AFTER_MS + 1), stateAfter(0)]).toEqual(['stuck', 'ok'])
  })

  test('says how long ago it settled a batch', () => {
    const { watch, clock, settled } = watching()
    settled(20)
    clock.pass(7_000)
    expect(watch.tell().settledMsAgo).toBe(7_000)
  })
})

test('a state that has changed since it was told is noticed within a second, until it is told', async () => {
  const { watch, clock, runsFor } = watching()
  const end = new AbortController()
  let changes = 0
  watch.onChange(() => changes++)
  const watched = watch.run(clock, end.signal)
  const changesInTheNextSecond = async () => {
    const before = changes
    clock.pass(1_000)
    await new Promise((resolve) => setImmediate(resolve))
    return changes - before
  }
  expect(await changesInTheNextSecond()).toBe(0)
  runsFor(STUCK_AFTER_MS + 1)
  expect(await changesInTheNextSecond()).toBe(1)
  expect(watch.tell().state).toBe('stuck')
  expect(await changesInTheNextSecond()).toBe(0)
  runsFor(0)
  expect(await changesInTheNextSecond()).toBe(1)
  end.abort()
  await watched
})
