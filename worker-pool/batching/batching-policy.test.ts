import { describe, expect, test } from 'vitest'
import { nextSize, waitForMore } from './batching-policy.ts'

const limits = { maxBatchSize: 32, maxDelayMs: 10, preferredSizes: [8, 16] }

describe('a free session', () => {
  test('without a delay runs what is there at once', () => {
    expect(waitForMore(1, 0, { ...limits, maxDelayMs: 0 })).toBe(0)
  })

  test('with a delay waits for the rest of it, counted from the oldest job', () => {
    expect(waitForMore(3, 0, limits)).toBe(10)
    expect(waitForMore(3, 7.5, limits)).toBe(2.5)
  })

  test('runs a batch whose delay is over', () => {
    expect(waitForMore(3, 10, limits)).toBe(0)
    expect(waitForMore(3, 1000, limits)).toBe(0)
  })

  test('does not wait beyond a preferred size or a full batch', () => {
    expect(waitForMore(8, 0, limits)).toBe(0)
    expect(waitForMore(16, 0, limits)).toBe(0)
    expect(waitForMore(32, 0, limits)).toBe(0)
    expect(waitForMore(9, 0, limits)).toBe(10)
  })
})

describe('a batch is filled', () => {
  test('from one preferred size to the next, and then to the largest', () => {
    expect([0, 7, 8, 15, 16, 31].map((size) => nextSize(size, limits))).toEqual([8, 8, 16, 16, 32, 32])
  })

  test('to the largest at once where it never waits', () => {
    expect(nextSize(0, { ...limits, maxDelayMs: 0 })).toBe(32)
  })

  test('never above the largest, whatever is preferred', () => {
    expect(nextSize(0, { ...limits, maxBatchSize: 4 })).toBe(4)
  })
})
