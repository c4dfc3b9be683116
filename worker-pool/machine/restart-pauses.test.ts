import { describe, expect, test } from 'vitest'
import { SleepingClock } from '../../test/support/sleeping-clock.ts'
import { RestartPauses } from './restart-pauses.ts'

const LONGEST = () => 1 - Number.EPSILON

function pauses(count: number, of: RestartPauses): number[] {
  return Array.from({ length: count }, () => Math.round(of.next()))
}

describe('the pause before a restart', () => {
  test('doubles with each crash, up to a minute', () => {
    expect(pauses(8, new RestartPauses(new SleepingClock(), LONGEST))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ])
  })

  test('is random by half', () => {
    expect(pauses(3, new RestartPauses(new SleepingClock(), () => 0))).toEqual([500, 1_000, 2_000])
  })

  test('starts anew after a minute of being ready', () => {
    const clock = new SleepingClock()
    const restart = new RestartPauses(clock, LONGEST)
    pauses(4, restart)
    restart.ready()
    clock.pass(60_000)
    expect(pauses(2, restart)).toEqual([1_000, 2_000])
  })

  test('goes on growing for what was ready for less than that, or never', () => {
    const clock = new SleepingClock()
    const restart = new RestartPauses(clock, LONGEST)
    pauses(1, restart)
    restart.ready()
    clock.pass(59_999)
    expect(pauses(1, restart)).toEqual([2_000])
    clock.pass(3_600_000)
    expect(pauses(1, restart)).toEqual([4_000])
  })

  test('stays a number however often something crashes', () => {
    const restart = new RestartPauses(new SleepingClock(), LONGEST)
    expect(pauses(2_000, restart).at(-1)).toBe(60_000)
  })
})
