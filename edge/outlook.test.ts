import { expect, test } from 'vitest'
import { jobThatIs } from '../test/support/jobs.ts'
import { outlookOf, retryAfterOutlook, retryAfterRefused } from './outlook.ts'

test('the result of a queued job is expected when all before it are served, and itself', () => {
  expect(outlookOf({ job: jobThatIs('queued'), position: 30 }, 20)).toEqual({ position: 30, etaSeconds: 1.5 })
})

test('a job that is being run is as good as next', () => {
  expect(outlookOf({ job: jobThatIs('processing'), position: null }, 20)).toEqual({
    position: null,
    etaSeconds: 0.1,
  })
})

test('nothing is made up where no pool has told how fast it is, or the place is not known', () => {
  expect(outlookOf({ job: jobThatIs('queued'), position: 30 }, null).etaSeconds).toBeNull()
  expect(outlookOf({ job: jobThatIs('queued'), position: 30 }, 0).etaSeconds).toBeNull()
  expect(outlookOf({ job: jobThatIs('queued'), position: null }, 20).etaSeconds).toBeNull()
})

test('a job that has ended has no outlook', () => {
  expect(outlookOf({ job: jobThatIs('succeeded'), position: 1 }, 20)).toEqual({
    position: null,
    etaSeconds: null,
  })
})

test('clients come back when the result is to be expected, between a second and a minute', () => {
  const after = (etaSeconds: number | null) => retryAfterOutlook({ position: 1, etaSeconds })
  expect([after(0.1), after(7.2), after(3_000), after(null)]).toEqual([1, 8, 60, 1])
})

test('who was refused comes back in whole seconds, and not before he may', () => {
  expect([1, 1_000, 1_001, 3_600_000].map(retryAfterRefused)).toEqual([1, 1, 2, 3_600])
})
