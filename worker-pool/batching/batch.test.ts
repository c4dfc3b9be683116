import { describe, expect, test } from 'vitest'
import { observedJob } from '../../test/support/settled-batch.ts'
import { Batch } from './batch.ts'

const IMAGE_BYTES = 3
const CLAIMED = 1_700_000_000_000

/** Jobs claimed at `CLAIMED` by Redis' clock, and at 5,000 by the pool's; each image's bytes are its place. Deadlines in ms from there. */
function batchOf(...deadlines: number[]) {
  const batch = new Batch(new SharedArrayBuffer(8 * IMAGE_BYTES), IMAGE_BYTES)
  for (const [i, deadline] of deadlines.entries())
    batch.addImage(
      observedJob({ id: `job${i}`, claimedAt: CLAIMED, deadline: CLAIMED + deadline }),
      new Uint8Array(IMAGE_BYTES).fill(i),
    )
  batch.claimedAt = 5_000
  return batch
}
const imagesOf = (batch: Batch) => batch.jobs.map((_, i) => [...new Set(batch.place(i))])
const idsOf = (jobs: readonly { id: string }[]) => jobs.map(({ id }) => id)

describe('a batch whose jobs wait', () => {
  test('lets go of those whose deadline has passed; the others’ images move up', () => {
    const batch = batchOf(100, 900, 100, 900, 900, 100)
    expect(idsOf(batch.takeExpired(5_500))).toEqual(['job0', 'job2', 'job5'])
    expect(idsOf(batch.jobs)).toEqual(['job1', 'job3', 'job4'])
    expect(imagesOf(batch)).toEqual([[1], [3], [4]])
    expect(batch.size).toBe(3)
  })

  test.each([
    [5_099, []],
    [5_100, ['job0']],
  ])('holds deadlines against its own clock, from the claim on: at %d', (now, expired) => {
    expect(idsOf(batchOf(100, 900).takeExpired(now))).toEqual(expired)
  })

  test('counts from the latest claim, which its own time stands for', () => {
    const batch = batchOf(100)
    batch.addImage(
      observedJob({ id: 'late', claimedAt: CLAIMED + 90, deadline: CLAIMED + 900 }),
      Buffer.alloc(3),
    )
    expect(idsOf(batch.takeExpired(5_009))).toEqual([])
    expect(idsOf(batch.takeExpired(5_010))).toEqual(['job0'])
  })

  test('keeps all before any deadline, where they are', () => {
    const batch = batchOf(100, 200)
    expect(batch.takeExpired(5_000)).toEqual([])
    expect(imagesOf(batch)).toEqual([[0], [1]])
  })

  test('may lose all, and be filled again', () => {
    const batch = batchOf(1, 2)
    expect(idsOf(batch.takeExpired(6_000))).toEqual(['job0', 'job1'])
    expect(batch.size).toBe(0)
    expect(batch.takeExpired(6_000)).toEqual([])
  })

  test('tells how long the first deadline is off', () => {
    expect(batchOf(900, 100).untilDeadline(5_020)).toBe(80)
    expect(batchOf().untilDeadline(5_020)).toBe(Infinity)
  })
})
