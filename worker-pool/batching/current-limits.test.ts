import { describe, expect, test } from 'vitest'
import { CurrentLimits } from './current-limits.ts'

const own = { maxBatchSize: 32, maxDelayMs: 5, preferredSizes: [8] }
/** A window of jobs that take far too long because they pile up: larger batches are called for. */
const pilingUp = { size: 32, latenciesMs: Array(200).fill(500), inferMs: 5 }

test('without a target the limits are the model’s own, whatever is observed', () => {
  const limits = new CurrentLimits(own, undefined)
  limits.observe(pilingUp)
  expect(limits.now).toEqual(own)
})

describe('a size that did not fit into memory', () => {
  test('halves the largest batch, down to one', () => {
    const limits = new CurrentLimits(own, undefined)
    expect(limits.didNotFit(32)).toBe(true)
    expect(limits.now.maxBatchSize).toBe(16)
    expect(limits.didNotFit(4)).toBe(true)
    expect(limits.now.maxBatchSize).toBe(2)
    expect([limits.didNotFit(1), limits.didNotFit(1)]).toEqual([true, false])
    expect(limits.now).toEqual({ ...own, maxBatchSize: 1 })
  })

  test('stays the limit when batches are steered to be larger', () => {
    const limits = new CurrentLimits(own, 100)
    limits.didNotFit(16)
    for (let i = 0; i < 10; i++) limits.observe(pilingUp)
    expect(limits.now.maxBatchSize).toBe(8)
  })
})
