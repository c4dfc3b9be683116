import { expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { SubmissionPace } from './submission-pace.ts'

const never = new AbortController().signal

function rate(remaining: number): Headers {
  return new Headers({
    'ratelimit-policy': '"default";q=10;w=60',
    ratelimit: `"default";r=${remaining};t=12`,
  })
}

test('while there is something left of the rate, nobody waits', async () => {
  const clock = new SleepingClock()
  const pace = new SubmissionPace(clock)
  pace.told(rate(1))
  for (let i = 0; i < 5; i++) await pace.turn(never)
  expect(clock.sleeps).toEqual([])
})

test('once it is used up, one goes each time that the rate gives one back', async () => {
  const clock = new SleepingClock()
  const pace = new SubmissionPace(clock)
  pace.told(rate(0))
  await Promise.all([pace.turn(never), pace.turn(never), pace.turn(never)])
  expect(clock.now()).toBe(1_000_000 + 3 * 6_000)
  pace.told(rate(3))
  clock.pass(6_000)
  const before = clock.sleeps.length
  await Promise.all([pace.turn(never), pace.turn(never)])
  expect(clock.sleeps.length).toBe(before)
})

test('a rate that gives nothing back for years is asked after a day', async () => {
  const clock = new SleepingClock()
  const pace = new SubmissionPace(clock)
  pace.told(new Headers({ 'ratelimit-policy': '"default";q=1;w=99999999999', ratelimit: '"default";r=0' }))
  await pace.turn(never)
  expect(clock.sleeps).toEqual([86_400_000])
})

test('answers that tell no rate change nothing', async () => {
  const clock = new SleepingClock()
  const pace = new SubmissionPace(clock)
  for (const headers of [new Headers(), new Headers({ ratelimit: '"default";r=0;t=1' })]) pace.told(headers)
  await pace.turn(never)
  expect(clock.sleeps).toEqual([])
})

test('who waits is let go of when the run is stopped', async () => {
  const clock = new SleepingClock()
  const pace = new SubmissionPace(clock)
  const stop = new AbortController()
  clock.onWake = () => stop.abort(new Error('stopped'))
  pace.told(rate(0))
  await expect(pace.turn(stop.signal)).rejects.toThrow('stopped')
})
