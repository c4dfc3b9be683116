import { describe, expect, test } from 'vitest'
import type { Job } from '../../shared/job.ts'
import { jobThatIs } from '../../test/support/jobs.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type Wait, waitForResult } from './wait-for-result.ts'

const accepted = { job: jobThatIs('queued'), position: 7 }

/** `answers`: what each look finds, the last one for ever. An Error is a look that fails. */
function wait(answers: (Job | Error | undefined)[], overrides: Partial<Wait> = {}) {
  const clock = new SleepingClock()
  let looks = 0
  const look = async () => {
    const answer = answers[Math.min(looks++, answers.length - 1)]
    if (answer instanceof Error) throw answer
    return answer && { job: answer, position: null }
  }
  const options: Wait = {
    accepted,
    look,
    push: undefined,
    waitMs: 10_000,
    expectedMs: 40,
    clock,
    random: () => 0.5,
    signal: undefined,
    stopping: undefined,
    ...overrides,
  }
  return { result: waitForResult(options), clock, looks: () => looks }
}

describe('waiting for a result', () => {
  test('first looks when the result is to be expected', async () => {
    const { result, clock, looks } = wait([jobThatIs('succeeded')])
    expect(await result).toMatchObject({ job: { status: 'succeeded' } })
    expect(clock.sleeps).toEqual([40])
    expect(looks()).toBe(1)
  })

  test('first looks after a second where it is to be expected later', async () => {
    const { result, clock } = wait([jobThatIs('succeeded')], { expectedMs: 9_000 })
    await result
    expect(clock.sleeps).toEqual([1_000])
  })

  test('then looks in growing steps, two seconds apart at most', async () => {
    const { result, clock } = wait([jobThatIs('processing')], { waitMs: 60_000 })
    await result
    const steps = clock.sleeps.slice(1, -1)
    expect(steps.slice(0, 3)).toEqual([15, 22.5, 33.75])
    expect(Math.max(...steps)).toBe(2_000)
  })

  test('ends with the job as last seen when the time is over, and never later', async () => {
    const { result, clock } = wait([jobThatIs('processing')], { waitMs: 500 })
    expect(await result).toMatchObject({ job: { status: 'processing' } })
    expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(500)
  })

  test('does not look at all at an accepted job if there is no time to wait', async () => {
    const { result, looks } = wait([jobThatIs('succeeded')], { waitMs: 0 })
    expect(await result).toBe(accepted)
    expect(looks()).toBe(0)
  })

  test('looks once at a job it knows nothing of, even with no time to wait', async () => {
    const { result, looks } = wait([jobThatIs('succeeded')], {
      accepted: undefined,
      waitMs: 0,
      expectedMs: 0,
    })
    expect(await result).toMatchObject({ job: { status: 'succeeded' } })
    expect(looks()).toBe(1)
  })

  test('says so when the job is gone', async () => {
    expect(await wait([jobThatIs('processing'), undefined]).result).toBeUndefined()
  })

  test('outlives looks that fail', async () => {
    const { result } = wait([new Error('away'), new Error('away'), jobThatIs('succeeded')])
    expect(await result).toMatchObject({ job: { status: 'succeeded' } })
  })

  test('gives an accepted job back even if every look fails: its caller must get the id', async () => {
    expect(await wait([new Error('away')]).result).toBe(accepted)
  })

  test('fails if every look fails at a job it knows nothing of', async () => {
    await expect(wait([new Error('away')], { accepted: undefined }).result).rejects.toThrow('away')
  })

  test('ends when the caller has gone', async () => {
    const caller = new AbortController()
    let looks = 0
    const look = async () => {
      looks++
      caller.abort()
      return { job: jobThatIs('processing'), position: null }
    }
    expect(await wait([], { signal: caller.signal, look }).result).toMatchObject({
      job: { status: 'processing' },
    })
    expect(looks).toBe(1)
  })

  test('ends after one last look when the process is about to end, be a caller there or not', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const { result, looks } = wait([jobThatIs('processing')], { signal, stopping: AbortSignal.abort() })
      expect(await result).toMatchObject({ job: { status: 'processing' } })
      expect(looks()).toBe(1)
    }
  })

  test('keeps the place that was known while the job waits, and forgets it then', async () => {
    expect(await wait([jobThatIs('queued')], { waitMs: 100 }).result).toMatchObject({ position: 7 })
    expect(await wait([jobThatIs('processing')], { waitMs: 100 }).result).toMatchObject({ position: null })
  })

  test('asks for the place with its last look only', async () => {
    const lasts: boolean[] = []
    const look = async (last: boolean) => {
      lasts.push(last)
      return { job: jobThatIs('queued'), position: null }
    }
    await wait([], { waitMs: 100, look }).result
    expect(lasts.length).toBeGreaterThan(2)
    expect(lasts.indexOf(true)).toBe(lasts.length - 1)
  })
})
