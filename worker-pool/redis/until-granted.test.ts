import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { createUntilGranted } from './until-granted.ts'

/** Pauses of who is refused so many times, where `random` gives this. */
async function pausesAfter(refusals: number, random: number): Promise<number[]> {
  const clock = new SleepingClock()
  const untilGranted = createUntilGranted(clock, pino({ enabled: false }), () => random)
  let left = refusals
  const granted = await untilGranted('ask', async () => {
    if (left-- > 0) throw new Error('LOADING')
    return 'granted'
  })
  expect(granted).toBe('granted')
  return clock.sleeps
}

test('what Redis refuses is asked for again until it is granted, less and less often', async () => {
  expect(await pausesAfter(5, 0)).toEqual([1_000, 2_000, 4_000, 4_000, 4_000])
})

test('each pause is up to a half shorter, so that pools do not ask together', async () => {
  expect(await pausesAfter(3, 1)).toEqual([500, 1_000, 2_000])
})
