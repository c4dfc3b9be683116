import { expect, test } from 'vitest'
import { WaitingLine } from './waiting-line.ts'

const line = (maxJobs = 100, deadlineSeconds = 10) => new WaitingLine({ maxJobs, deadlineSeconds })

test('jobs are served in the order of their coming, and wait as long as that takes', () => {
  const waiting = line()
  expect(waiting.step(0, 6, 2)).toBe(2)
  expect(waiting.step(1, 2, 3)).toBe(3)
  expect(waiting.step(2, 0, 9)).toBe(3)
  expect(waiting.served).toEqual([2, 5, 1])
  expect([waiting.waited(0.25), waiting.waited(0.5), waiting.waited(1)]).toEqual([0, 1, 2])
  expect([waiting.jobs, waiting.servedJobs]).toEqual([0, 8])
})

test('the last to come are refused where too many are there', () => {
  const waiting = line(5)
  waiting.step(0, 4, 0)
  waiting.step(1, 4, 1)
  expect([waiting.jobs, waiting.refused]).toEqual([5, 2])
})

test('who has waited until his deadline is not served any more', () => {
  const waiting = line()
  waiting.step(0, 3, 0)
  waiting.step(9, 1, 1)
  expect(waiting.expired).toBe(0)
  expect(waiting.step(10, 0, 5)).toBe(1)
  expect([waiting.expired, waiting.jobs]).toEqual([2, 0])
})
