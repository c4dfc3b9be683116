import { expect, test } from 'vitest'
import type { Job } from '../../shared/job.ts'
import type { JobLook } from '../../shared/job-queue.ts'
import { jobThatIs } from '../../test/support/jobs.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { hasSeenAll, jobEvents, parseLastEventId } from './job-events.ts'

const at = (status: Job['status'], position: number | null = null): JobLook => ({
  job: jobThatIs(status, status === 'succeeded' ? { completed_at: 9 } : {}),
  position,
})

async function eventsOf(looks: (JobLook | Error | undefined)[], lastId = 0) {
  const [first, ...others] = looks
  const events = jobEvents(first as JobLook, lastId, {
    look: async () => {
      const found = others.length > 1 ? others.shift() : others[0]
      if (found instanceof Error) throw found
      return found
    },
    push: undefined,
    waitMs: 3_600_000,
    expectedMs: 10,
    clock: new SleepingClock(),
    random: () => 0.5,
    signal: undefined,
    stopping: undefined,
  })
  const told = []
  for await (const { id, look } of events) told.push([id, look.job.status, look.position])
  return told
}

test('a job is told as queued whenever its place has changed, as processing, and as it ended', async () => {
  const looks = [at('queued', 3), at('queued', 3), at('queued', 1), at('processing'), at('succeeded')]
  expect(await eventsOf(looks)).toEqual([
    [1, 'queued', 3],
    [1, 'queued', 1],
    [2, 'processing', null],
    [3, 'succeeded', null],
  ])
})

test('states between two looks are left out, and failed looks are nothing', async () => {
  expect(await eventsOf([at('queued', 1), new Error('away'), at('succeeded')])).toEqual([
    [1, 'queued', 1],
    [3, 'succeeded', null],
  ])
})

test('who comes back is not told what he has seen', async () => {
  expect(await eventsOf([at('processing'), at('succeeded')], 2)).toEqual([
    [2, 'processing', null],
    [3, 'succeeded', null],
  ])
  expect(await eventsOf([at('queued', 2), at('succeeded')], 2)).toEqual([[3, 'succeeded', null]])
  expect(await eventsOf([at('succeeded')], 3)).toEqual([])
  expect(hasSeenAll(at('succeeded'), 3)).toBe(true)
  expect(hasSeenAll(at('processing'), 3)).toBe(false)
})

test('a stream ends when the job vanishes, and after so many looks as a Worker can afford', async () => {
  expect(await eventsOf([at('queued', 1), undefined])).toEqual([[1, 'queued', 1]])
  expect(await eventsOf([at('queued', 1), at('queued', 1)])).toEqual([[1, 'queued', 1]])
})

test.each([
  ['2', 2],
  ['4', 0],
  ['', 0],
  ['1; drop', 0],
  [undefined, 0],
])('Last-Event-ID %j is %d', (header, id) => {
  expect(parseLastEventId(header)).toBe(id)
})
