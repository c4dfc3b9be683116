import { expect, test } from 'vitest'
import { bucketFor, bucketsUpTo } from './buckets.ts'

test.each([
  [1, [1]],
  [2, [1, 2]],
  [3, [1, 2, 3]],
  [24, [1, 2, 4, 8, 16, 24]],
  [32, [1, 2, 4, 8, 16, 32]],
])('for batches of up to %i there are the buckets %j', (maxBatchSize, buckets) => {
  expect(bucketsUpTo(maxBatchSize)).toEqual(buckets)
})

test.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [17, 24],
  [24, 24],
])('%i images go into the bucket of %i', (n, bucket) => {
  expect(bucketFor(n, bucketsUpTo(24))).toBe(bucket)
})

test('more images than the largest bucket holds are refused', () => {
  expect(() => bucketFor(25, bucketsUpTo(24))).toThrow(RangeError)
})
