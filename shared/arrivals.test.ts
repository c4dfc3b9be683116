import { expect, test } from 'vitest'
import { arrivalRates, ratesBetween, sumOfRates } from './arrivals.ts'

const NOW = 1_000_000
const seen = (secondsAgo: number, accepted: Record<string, number | null>) => ({
  at: NOW - secondsAgo * 1000,
  accepted,
})

test('a rate is what came since somebody looked last, but not a moment ago, nor long before', () => {
  const now = seen(0, { 'm@1': 100 })
  const rate = (...ago: number[]) =>
    arrivalRates(
      now,
      ago.map((seconds) => seen(seconds, { 'm@1': 100 - 2 * seconds })),
    ).get('m@1')
  expect(rate(40)).toBe(2)
  expect(rate(40, 9)).toBe(2)
  expect(rate(9)).toBeUndefined()
  expect(rate(151)).toBeUndefined()
  expect(rate()).toBeUndefined()
})

test('of a queue that was not there, is not counted, or began anew, nothing is known', () => {
  const rates = ratesBetween(
    seen(10, { 'a@1': 5, 'b@1': null, 'c@1': 5 }),
    seen(0, { 'a@1': 4, 'b@1': 3, 'c@1': 25, 'd@1': 7 }),
  )
  expect(Object.fromEntries(rates)).toEqual({ 'c@1': 2 })
})

test('all together come as fast as those of which it is known', () => {
  expect(sumOfRates(new Map([['a', 1.5]]))).toBe(1.5)
  expect(
    sumOfRates(
      new Map([
        ['a', 1.5],
        ['b', 2],
      ]),
    ),
  ).toBe(3.5)
  expect(sumOfRates(new Map())).toBeNull()
})
