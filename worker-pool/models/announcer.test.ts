import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { Announcement } from '../../shared/job-queue.ts'
import { versionId } from '../../shared/model-reference.ts'
import { IDLE, manifestOf } from '../../test/support/known-models.ts'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { createUntilGranted } from '../redis/until-granted.ts'
import { Announcer } from './announcer.ts'

/** An announcer, and what it tells; `answer` stands for Redis. */
function announcer(answer: (announcement: Announcement) => Promise<string[]> = async () => []) {
  const clock = new SleepingClock()
  const log = pino({ enabled: false })
  const told: { at: number; models: string[]; withdrawn: readonly string[] }[] = []
  const begin = clock.now()
  const consumer = {
    announce: async (announcement: Announcement) => {
      const { manifests, withdrawn } = announcement
      told.push({ at: clock.now() - begin, models: manifests.map(versionId), withdrawn })
      return answer(announcement)
    },
    leave: async () => {
      throw new Error('Redis refuses')
    },
  }
  const untilGranted = createUntilGranted(clock, log)
  return { told, clock, announcer: new Announcer({ consumer, load: () => IDLE, untilGranted, clock, log }) }
}

const one = manifestOf('m', '1')

test('what changes is told at once, and every 30 seconds again, but a withdrawal only once', async () => {
  const { told, clock, announcer: announcing } = announcer()
  await announcing.update([one], ['m@0'])
  const stop = new AbortController()
  clock.onWake = () => clock.sleeps.length === 3 && stop.abort()
  await announcing.run(stop.signal)
  expect(told).toEqual([
    { at: 0, models: ['m@1'], withdrawn: ['m@0'] },
    { at: 30_000, models: ['m@1'], withdrawn: [] },
    { at: 60_000, models: ['m@1'], withdrawn: [] },
  ])
})

test('a change that Redis refuses is told again; a repetition is not', async () => {
  let refusals = 2
  const { told, announcer: announcing } = announcer(async () => {
    if (refusals-- > 0) throw new Error('OOM')
    return ['m@0']
  })
  expect(await announcing.update([one], ['m@0'])).toEqual(['m@0'])
  expect(told).toHaveLength(3)
  refusals = 1
  await announcing.repeat()
  expect(told).toHaveLength(4)
})

test('one announcement is made at a time', async () => {
  const answered = Promise.withResolvers<string[]>()
  const { told, announcer: announcing } = announcer(() => answered.promise)
  const changes = [announcing.update([one]), announcing.repeat(), announcing.update([])]
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toHaveLength(1)
  answered.resolve([])
  await Promise.all(changes)
  expect(told.map(({ models }) => models)).toEqual([['m@1'], [], []])
})

test('a Redis that refuses leave keeps no pool from ending', async () => {
  await announcer().announcer.leave()
})
