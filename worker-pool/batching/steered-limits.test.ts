import { describe, expect, test } from 'vitest'
import { observedBatch, observedJob, succeeded } from '../../test/support/settled-batch.ts'
import { SteeredLimits } from './steered-limits.ts'

const own = { maxBatchSize: 32, maxDelayMs: 5, preferredSizes: [8] }
/** A window of jobs that take far too long because they pile up: larger batches are called for. */
const late = succeeded(observedJob({ createdAt: 0, claimedAt: 500 }))
const pilingUp = observedBatch({ size: 32, jobs: Array(200).fill(late), times: instantly(5) })

test('without a target the limits are the model’s own, whatever is observed', () => {
  const limits = new SteeredLimits(own, undefined)
  limits.observe(pilingUp)
  expect(limits.now).toEqual(own)
})

describe('what jobs took', () => {
  /** A window of jobs that were claimed at once and then waited so long for their batch to fill. */
  const gathered = (ms: number) =>
    observedBatch({
      size: 1,
      jobs: [
        ...Array(199).fill(succeeded(observedJob({ createdAt: 1_000, claimedAt: 1_000 }))),
        succeeded(observedJob({ createdAt: 1_000 + ms, claimedAt: 1_000 + ms })),
      ],
      times: instantly(0),
    })

  test('counts from their own claim, not from their batch’s last', () => {
    const limits = new SteeredLimits(own, 100)
    limits.observe(gathered(0))
    expect(limits.now.maxDelayMs).toBe(25)
    limits.observe(gathered(90))
    expect(limits.now.maxDelayMs).toBe(25)
    limits.observe(gathered(110))
    expect(limits.now.maxDelayMs).toBe(12.5)
  })
})

describe('a size that did not fit into memory', () => {
  test('halves the largest batch, down to one', () => {
    const limits = new SteeredLimits(own, undefined)
    expect(limits.didNotFit(32)).toBe(true)
    expect(limits.now.maxBatchSize).toBe(16)
    expect(limits.didNotFit(4)).toBe(true)
    expect(limits.now.maxBatchSize).toBe(2)
    expect([limits.didNotFit(1), limits.didNotFit(1)]).toEqual([true, false])
    expect(limits.now).toEqual({ ...own, maxBatchSize: 1 })
  })

  test('stays the limit when batches are steered to be larger', () => {
    const limits = new SteeredLimits(own, 100)
    limits.didNotFit(16)
    for (let i = 0; i < 10; i++) limits.observe(pilingUp)
    expect(limits.now.maxBatchSize).toBe(8)
  })
})

/** Run for so many ms, and nothing but that. */
function instantly(inferMs: number) {
  const at = { takenAt: 0, claimedAt: 0, fetchedAt: 0, inferBegin: 0 }
  return { ...at, inferEnd: inferMs, settledAt: inferMs }
}
