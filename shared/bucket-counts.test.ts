import { describe, expect, test } from 'vitest'
import { BATCH_SIZE_BOUNDS, BucketCounts, DURATION_BOUNDS_MS } from './bucket-counts.ts'

const counted = (values: readonly number[], bounds = DURATION_BOUNDS_MS) => {
  const counts = new BucketCounts(bounds)
  for (const value of values) counts.add(value)
  return counts
}
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

describe('a percentile', () => {
  test.each([0.01, 0.5, 0.95, 0.99, 1])(
    '(%d) of values that are spread evenly is about the value itself',
    (q) => {
      const value = counted(upTo(8_192)).quantile(q) ?? 0
      expect(Math.abs(value / (8_192 * q) - 1)).toBeLessThan(0.02)
    },
  )

  test('of values that are all the same is in their bucket', () => {
    const p99 = counted(Array(100).fill(37)).quantile(0.99) ?? 0
    expect(Math.abs(p99 / 37 - 1)).toBeLessThan(0.42)
    expect(counted([8, 8, 8], BATCH_SIZE_BOUNDS).quantile(1)).toBe(8)
  })

  test('of nothing is not known, and none is beyond the last bound', () => {
    expect(counted([]).quantile(0.5)).toBeNull()
    expect(counted([1e9]).quantile(0.5)).toBeLessThanOrEqual(DURATION_BOUNDS_MS.at(-1) as number)
  })

  test('of two that are added up is that of all their values', () => {
    const [low, high] = [counted(upTo(50)), counted(upTo(50).map((value) => 50 + value))]
    low.merge(high)
    expect(low.quantile(0.9)).toBe(counted(upTo(100)).quantile(0.9))
    expect(low.total).toBe(100)
  })
})

test('batches are counted by the smallest bound that holds them', () => {
  expect(counted([1, 2, 3, 4, 5, 32, 5_000], BATCH_SIZE_BOUNDS).buckets).toEqual([
    { upTo: 1, count: 1 },
    { upTo: 2, count: 1 },
    { upTo: 4, count: 2 },
    { upTo: 8, count: 1 },
    { upTo: 32, count: 1 },
    { upTo: 1024, count: 1 },
  ])
})

describe('as text', () => {
  test.each([
    [[], ''],
    [[1], '0.1'],
    [[3, 4, 16, 16], '4.2.0.0.0.2'],
    [[1e9], '13.1'],
  ])('%j is %j, and that is read as the same', (values, text) => {
    const counts = counted(values)
    expect(counts.encode()).toBe(text)
    expect(BucketCounts.decode(DURATION_BOUNDS_MS, text)?.buckets).toEqual(counts.buckets)
  })

  test.each(['x', '0', '0.', '0.-1', '13.1.1', '0.1,2', '0.99999999999'])('%j is nothing', (text) => {
    expect(BucketCounts.decode(DURATION_BOUNDS_MS, text)).toBeUndefined()
  })
})
