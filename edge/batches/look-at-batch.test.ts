import { expect, test } from 'vitest'
import type { Batch } from '../../shared/batch.ts'
import type { Job } from '../../shared/job.ts'
import type { JobStatus } from '../../shared/job-state.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { type BatchLooks, waitForBatch } from './look-at-batch.ts'

function batchOf(...statuses: JobStatus[]): Batch {
  const items = statuses.map((status) => ({ job: { status } as Job }))
  return { id: 'id', model: 'm', modelVersion: '1', owner: '', createdAt: 0, items }
}

const accepted = batchOf('queued', 'queued')

/** `answers`: what each look finds, the last one for ever. An Error is a look that fails. */
function waiting(answers: (Batch | Error | undefined)[], overrides: Partial<BatchLooks> = {}) {
  const clock = new SleepingClock()
  let looks = 0
  const read = async () => {
    const answer = answers[Math.min(looks++, answers.length - 1)]
    if (answer instanceof Error) throw answer
    return answer
  }
  const options: BatchLooks = {
    ...{
      read,
      maxRequests: 1_000,
      waitMs: 10_000,
      expectedMs: 40,
      clock,
      random: () => 0.5,
      signal: undefined,
      stopping: undefined,
    },
    ...overrides,
  }
  return { clock, looks: () => looks, result: (batch = accepted) => waitForBatch(batch, options) }
}

test('looks first when results are to be expected, then in growing steps, until all have ended', async () => {
  const ended = batchOf('succeeded', 'failed')
  const { clock, result } = waiting([
    batchOf('processing', 'queued'),
    batchOf('succeeded', 'processing'),
    ended,
  ])
  expect(await result()).toBe(ended)
  expect(clock.sleeps).toEqual([40, 30, 45])
})

test('looks after a second where results are to be expected later', async () => {
  const { clock, result } = waiting([batchOf('succeeded', 'failed')], { expectedMs: 9_000 })
  await result()
  expect(clock.sleeps).toEqual([1_000])
})

test('gives the batch as last seen when the time is over, and never later', async () => {
  const last = batchOf('processing', 'queued')
  const { clock, result } = waiting([last], { waitMs: 500 })
  expect(await result()).toBe(last)
  expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBe(500)
})

test('does not look where there is no time, or nothing to wait for', async () => {
  const none = waiting([batchOf('succeeded')], { waitMs: 0 })
  expect(await none.result()).toBe(accepted)
  const ended = waiting([])
  const batch: Batch = {
    ...batchOf('canceled'),
    items: [{ job: undefined }, { error: { code: 'empty-image', detail: '' } }, ...batchOf('expired').items],
  }
  expect(await ended.result(batch)).toBe(batch)
  expect([none.looks(), ended.looks()]).toEqual([0, 0])
})

test('outlives looks that fail, and a batch that vanishes', async () => {
  const ended = batchOf('succeeded', 'succeeded')
  expect(await waiting([new Error('away'), ended]).result()).toBe(ended)
  expect(await waiting([new Error('away')]).result()).toBe(accepted)
  expect(await waiting([undefined]).result()).toBe(accepted)
})

test('ends when its requests are used up, of which looks that fail take three each', async () => {
  const calm = waiting([accepted], { waitMs: 600_000, maxRequests: 20 })
  expect(await calm.result()).toBe(accepted)
  expect(calm.looks()).toBe(20)
  const away = waiting([new Error('away')], { waitMs: 600_000, maxRequests: 30 })
  expect(await away.result()).toBe(accepted)
  expect(away.looks()).toBe(10)
})

test('ends at once when the caller has gone, and after one look when the process ends', async () => {
  const gone = waiting([accepted], { signal: AbortSignal.abort() })
  expect(await gone.result()).toBe(accepted)
  expect(gone.looks()).toBe(0)
  const stopping = waiting([accepted], { stopping: AbortSignal.abort() })
  await stopping.result()
  expect(stopping.looks()).toBe(1)
})
