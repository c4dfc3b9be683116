import { expect, test } from 'vitest'
import { BATCH_SIZE_BOUNDS, BucketCounts, DURATION_BOUNDS_MS } from './bucket-counts.ts'
import { encodedWorkSchema, encodeWork, noWork, sumOfWork } from './recent-work.ts'

test('what pools did is added up, and read as it was told', () => {
  const work = noWork()
  work.settled = 3
  work.queue.add(5)
  work.batchSizes.add(3)
  work.failures['undecodable-image'] = 1
  const sum = sumOfWork([work, work, noWork()])
  expect(sum).toMatchObject({ settled: 6, failures: { 'undecodable-image': 2 } })
  expect([sum.queue.total, sum.batchSizes.total, sum.total.total]).toEqual([2, 2, 0])
  expect(encodedWorkSchema.parse(JSON.parse(JSON.stringify(encodeWork(sum))))).toEqual(sum)
})

test('a version with nothing to tell takes forty characters, and one that did all a pool can in a minute less than a thousand', () => {
  expect(JSON.stringify(encodeWork(noWork())).length).toBeLessThan(40)
  const full = (bounds: readonly number[]) => new BucketCounts(bounds, Array(bounds.length).fill(99_999))
  const durations = full(DURATION_BOUNDS_MS)
  const most = JSON.stringify(
    encodeWork({
      settled: 3_999_960,
      ...{ queue: durations, predict: durations, total: durations, batchSizes: full(BATCH_SIZE_BOUNDS) },
      failures: { 'undecodable-image': 99_999, 'inference-failed': 99_999, 'job-expired': 99_999 },
    }),
  )
  expect(most.length).toBeLessThan(1_000)
})
