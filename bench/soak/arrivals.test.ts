import { expect, test } from 'vitest'
import { randomNumbers } from '../../test/support/random-numbers.ts'
import { type Arrival, arrivals, kindOf } from './arrivals.ts'

const PLAN = { perSecond: 50, seconds: 200, mix: { waited: 3, bad: 1 }, obeyShare: 0.5 }

function all(seed: number): Arrival[] {
  const number = randomNumbers(seed)
  return [...arrivals(PLAN, () => number(2 ** 32) / 2 ** 32)]
}

test('as many come as should, within the time, one after another', () => {
  const came = all(1)
  expect(Math.abs(came.length / (PLAN.perSecond * PLAN.seconds) - 1)).toBeLessThan(0.05)
  expect(came.every(({ atMs }, i) => atMs > (came[i - 1]?.atMs ?? 0))).toBe(true)
  expect(came.at(-1)?.atMs).toBeLessThan(1000 * PLAN.seconds)
})

test('times between them are those of clients who know nothing of each other: they vary as much as they last', () => {
  const gaps = all(2).map(({ atMs }, i, came) => atMs - (came[i - 1]?.atMs ?? 0))
  const mean = gaps.reduce((sum, gap) => sum + gap) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  expect(Math.abs(Math.sqrt(variance) / mean - 1)).toBeLessThan(0.1)
  const short = gaps.filter((gap) => gap < mean).length / gaps.length
  expect(Math.abs(short - (1 - Math.exp(-1)))).toBeLessThan(0.03)
})

test('kinds and obedience come in their shares', () => {
  const came = all(3)
  const share = (holds: (arrival: Arrival) => boolean) => came.filter(holds).length / came.length
  expect(Math.abs(share(({ kind }) => kind === 'bad') - 0.25)).toBeLessThan(0.03)
  expect(Math.abs(share(({ obeys }) => obeys) - 0.5)).toBeLessThan(0.03)
})

test('the same seed makes the same arrivals, another seed others', () => {
  expect(all(4)).toEqual(all(4))
  expect(all(4)).not.toEqual(all(5))
})

test('a mix is cut where its weights say, up to its ends', () => {
  const mix = { waited: 1, polled: 2, bad: 1 }
  expect([0, 0.24, 0.26, 0.74, 0.76, 1].map((share) => kindOf(mix, share))).toEqual([
    'waited',
    'waited',
    'polled',
    'polled',
    'bad',
    'bad',
  ])
})
