import { describe, expect, test } from 'vitest'
import { jobThatIs } from '../../test/support/jobs.ts'
import { ServiceTimes } from './service-times.ts'

describe('service times', () => {
  test('start from a guess and follow what jobs took by Redis’ clock', () => {
    const times = new ServiceTimes()
    expect(times.expectedMs('m')).toBe(ServiceTimes.UNKNOWN_MS)
    times.observe(jobThatIs('succeeded', { created_at: 1_000, completed_at: 1_200 }))
    expect(times.expectedMs('m')).toBe(200)
    times.observe(jobThatIs('succeeded', { created_at: 1_000, completed_at: 1_100 }))
    expect(times.expectedMs('m')).toBe(180)
    expect(times.expectedMs('other')).toBe(ServiceTimes.UNKNOWN_MS)
  })

  test('are not moved far by a job that waited for a pool for hours', () => {
    const times = new ServiceTimes()
    times.observe(jobThatIs('succeeded', { created_at: 0, completed_at: 10_000_000 }))
    expect(times.expectedMs('m')).toBe(ServiceTimes.LONGEST_MS)
  })

  test('are not moved by jobs that did not succeed', () => {
    const times = new ServiceTimes()
    times.observe(jobThatIs('expired', { created_at: 0, completed_at: 300_000 }))
    times.observe(jobThatIs('processing'))
    expect(times.expectedMs('m')).toBe(ServiceTimes.UNKNOWN_MS)
  })
})
