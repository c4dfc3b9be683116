import { expect, test } from 'vitest'
import { PutOffQueue } from './put-off-queue.ts'

test('a queue that has become too long is joined at random between half of the longest wait and all of it', () => {
  const queue = new PutOffQueue(1)
  queue.attempted(140_000)
  expect([queue.nextInMs(0, 0), queue.nextInMs(0, 0)]).toEqual([145_000, 285_000])
  expect([queue.nextInMs(0, 0), queue.nextInMs(0, 0.5)]).toEqual([150_000, 225_000])
  expect(queue.nextInMs(300_000, 0)).toBe(145_000)
})

test('the time of an attempt follows the newest', () => {
  const queue = new PutOffQueue(1)
  queue.attempted(1_000)
  queue.attempted(2_000)
  expect(queue.nextInMs(0, 0)).toBe(6_250)
})
