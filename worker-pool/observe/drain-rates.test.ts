import { describe, expect, test } from 'vitest'
import { manifestOf } from '../../test/support/known-models.ts'
import { observedBatch } from '../../test/support/settled-batch.ts'
import { DrainRates } from './drain-rates.ts'
import type { BatchTimes } from './pool-observer.ts'

const two = manifestOf('m', '1', { serving: { instances: 2 } })

function serving(manifest = two) {
  const rates = new DrainRates()
  rates.modelServed(manifest)
  let changes = 0
  rates.onChange(() => changes++)
  /** A batch whose run took from `begin` to `end`; it had been loaded long before, unless told otherwise. */
  const run = (size: number, [begin, end]: [number, number], times: Partial<BatchTimes> = {}, instance = 0) =>
    rates.batchSettled(
      observedBatch({
        ...{ manifest, size, instance },
        times: {
          ...{ takenAt: begin - 1, claimedAt: begin - 1, fetchedAt: begin - 1 },
          ...{ inferBegin: begin, inferEnd: end, settledAt: end + 1, ...times },
        },
      }),
    )
  return { rates, run, changes: () => changes }
}

describe('the rate at which a pool drains a version', () => {
  test('is what its instances do together, within 15 % of a model whose runs take 90 to 110 ms', () => {
    const { rates, run } = serving()
    for (let i = 0; i < 20; i++) {
      const ms = 90 + ((i * 7) % 21)
      run(8, [i * 120, i * 120 + ms], {}, i % 2)
    }
    const known = (8 / 0.1) * 2
    expect(Math.abs((rates.tell()['m@1'] ?? 0) - known)).toBeLessThan(0.15 * known)
  })

  test('is not diluted by time in which there was nothing to do', () => {
    const { rates, run } = serving()
    for (const begin of [0, 60_000, 3_600_000]) run(8, [begin, begin + 100])
    expect(rates.tell()).toEqual({ 'm@1': 160 })
  })

  test('counts the time in which an instance waited for a batch that was being loaded', () => {
    const { rates, run } = serving()
    run(8, [0, 100])
    const loading = { takenAt: 50, fetchedAt: 300 }
    run(8, [300, 400], loading)
    expect(rates.tell()['m@1']).toBeCloseTo((2 * 1000 * (0.5 * 8 + 8)) / (0.5 * 100 + 300))
  })

  test('follows a change within a few full batches', () => {
    const { rates, run } = serving()
    for (let i = 0; i < 50; i++) run(8, [i * 100, i * 100 + 100])
    for (let i = 0; i < 5; i++) run(8, [10_000 + i * 200, 10_000 + i * 200 + 200])
    expect(rates.tell()['m@1']).toBeGreaterThan(80)
    expect(rates.tell()['m@1']).toBeLessThan(90)
  })

  test('is not impressed by small batches: they tell that little was waiting', () => {
    const { rates, run } = serving()
    for (let i = 0; i < 50; i++) run(32, [i * 100, i * 100 + 100])
    for (let i = 0; i < 500; i++) run(1, [10_000 + i * 50, 10_020 + i * 50])
    expect(rates.tell()['m@1']).toBeCloseTo(640)
  })

  test('is believed to be that of the largest batch when it was warm, until there are others', () => {
    const rates = new DrainRates()
    rates.modelServed(two, { images: 32, ms: 100 })
    expect(rates.tell()).toEqual({ 'm@1': 640 })
  })

  test('is unknown until a batch is settled, and once the version is gone', () => {
    const { rates, run } = serving()
    expect(rates.tell()).toEqual({})
    run(8, [0, 100])
    rates.modelGone(two)
    run(8, [100, 200])
    expect(rates.tell()).toEqual({})
  })

  test('is the new copy’s once that has run a batch', () => {
    const { rates, run } = serving()
    run(8, [0, 100])
    const copy = manifestOf('m', '1', { serving: { instances: 2 } })
    rates.modelServed(copy)
    expect(rates.tell()).toEqual({ 'm@1': 160 })
    rates.batchSettled(
      observedBatch({
        ...{ manifest: copy, size: 4 },
        times: { takenAt: 0, claimedAt: 0, fetchedAt: 0, inferBegin: 0, inferEnd: 100, settledAt: 100 },
      }),
    )
    expect(rates.tell()).toEqual({ 'm@1': 80 })
  })
})

test('that a rate is known, or differs by more than a fifth from what was told, is worth telling', () => {
  const { rates, run, changes } = serving()
  run(8, [0, 100])
  expect(changes()).toBe(1)
  rates.tell()
  run(8, [100, 210])
  expect(changes()).toBe(1)
  for (let i = 0; i < 5; i++) run(8, [1_000 + i * 200, 1_000 + i * 200 + 200])
  expect(changes()).toBeGreaterThan(1)
})
