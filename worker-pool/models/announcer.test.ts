import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
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

/** Runs for so many announcements, 30 s apart. */
async function repeat(clock: SleepingClock, announcing: Announcer, times: number): Promise<void> {
  const stop = new AbortController()
  const begin = clock.sleeps.length
  clock.onWake = () => clock.sleeps.length > begin + times && stop.abort()
  await announcing.run(stop.signal)
}

test('what changes is told at once, and every 30 seconds again', async () => {
  const { told, clock, announcer: announcing } = announcer()
  await announcing.update([one])
  await repeat(clock, announcing, 2)
  const same = { models: ['m@1'], withdrawn: [] }
  expect(told).toEqual([0, 30_000, 60_000].map((at) => ({ at, ...same })))
})

describe('a withdrawal', () => {
  test('that nobody else objects to is told once', async () => {
    const { told, clock, announcer: announcing } = announcer()
    const { said, ended } = announcing.withdraw('m@0', [one])
    await said
    expect(await ended).toBe('forgotten')
    await repeat(clock, announcing, 1)
    expect(told.map(({ withdrawn }) => withdrawn)).toEqual([['m@0'], []])
  })

  test('of a version that others list is told again until they do not', async () => {
    let kept = ['m@0']
    const { told, clock, announcer: announcing } = announcer(async () => kept)
    const { said, ended } = announcing.withdraw('m@0', [one])
    await said
    await repeat(clock, announcing, 2)
    kept = []
    await announcing.repeat()
    expect(await ended).toBe('forgotten')
    await announcing.repeat()
    expect(told.map(({ withdrawn }) => withdrawn)).toEqual([...Array(4).fill(['m@0']), []])
  })

  test('is over when others have listed it for longer than one that died could', async () => {
    const { told, clock, announcer: announcing } = announcer(async () => ['m@0'])
    const { said, ended } = announcing.withdraw('m@0', [one])
    await said
    await repeat(clock, announcing, 6)
    expect(await ended).toBe('kept')
    const at = told.filter(({ withdrawn }) => withdrawn.length > 0).map((telling) => telling.at)
    expect(at).toEqual([0, 30_000, 60_000, 90_000, 120_000])
  })

  test('is taken back when the version is served again', async () => {
    const { told, announcer: announcing } = announcer(async () => ['m@0'])
    const { said, ended } = announcing.withdraw('m@0', [one])
    await said
    await announcing.update([one, manifestOf('m', '0')])
    expect(await ended).toBe('kept')
    expect(told.map(({ withdrawn }) => withdrawn)).toEqual([['m@0'], []])
  })
})

test('a change that Redis refuses is told again; a repetition is not', async () => {
  let refusals = 2
  const { told, announcer: announcing } = announcer(async () => {
    if (refusals-- > 0) throw new Error('OOM')
    return []
  })
  await announcing.withdraw('m@0', [one]).said
  expect(told.map(({ withdrawn }) => withdrawn)).toEqual(Array(3).fill(['m@0']))
  refusals = 1
  await announcing.repeat()
  expect(told).toHaveLength(4)
})

test('one announcement is made at a time, with what is so by then', async () => {
  const answered = Promise.withResolvers<string[]>()
  const { told, announcer: announcing } = announcer(() => answered.promise)
  const changes = [announcing.update([one])]
  await new Promise((resolve) => setImmediate(resolve))
  changes.push(announcing.repeat(), announcing.update([]))
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toHaveLength(1)
  answered.resolve([])
  await Promise.all(changes)
  expect(told.map(({ models }) => models)).toEqual([['m@1'], [], []])
})

test('what is to be told soon is told at once, or 2 seconds after the last time; once, however often it is asked for', async () => {
  const { told, clock, announcer: announcing } = announcer()
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  announcing.repeatSoon()
  await turn()
  clock.pass(500)
  for (let i = 0; i < 3; i++) announcing.repeatSoon()
  await turn()
  clock.pass(10_000)
  announcing.repeatSoon()
  await turn()
  expect(told.map(({ at }) => at)).toEqual([0, 2_000, 12_000])
})

test('after leaving, nothing is told soon', async () => {
  const { told, announcer: announcing } = announcer()
  announcing.repeatSoon()
  await announcing.leave()
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
})

test('a Redis that refuses leave keeps no pool from ending', async () => {
  await announcer().announcer.leave()
})
