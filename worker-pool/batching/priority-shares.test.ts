import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Quotas } from '../../shared/job-queue.ts'
import { PRIORITIES, type Priority } from '../../shared/priority.ts'
import { PRIORITY_SHARES, PriorityShares } from './priority-shares.ts'

const ALL_SHARES = 21
const sumOf = (counts: Quotas) => PRIORITIES.reduce((sum, priority) => sum + counts[priority], 0)

/** What Redis gives by quotas where these wait: as the take script does it. */
function take(quotas: Quotas, waiting: Record<Priority, number>): Record<Priority, number> {
  const taken = { high: 0, normal: 0, low: 0 }
  let left = sumOf(quotas)
  const give = (priority: Priority, most: number) => {
    const count = Math.min(most, waiting[priority])
    waiting[priority] -= count
    taken[priority] += count
    left -= count
  }
  for (const priority of PRIORITIES) give(priority, quotas[priority])
  for (const priority of PRIORITIES) give(priority, left)
  return taken
}

const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 200 })

test('quotas add up to what is asked for', () => {
  fc.assert(
    fc.property(sizes, (asked) => {
      const shares = new PriorityShares()
      for (const size of asked) {
        const quotas = shares.quotas(size)
        expect(sumOf(quotas)).toBe(size)
        shares.given(size)
      }
    }),
  )
})

test('while jobs wait in all queues, each has had its share after every batch, within one job', () => {
  fc.assert(
    fc.property(sizes, (asked) => {
      const shares = new PriorityShares()
      const had = { high: 0, normal: 0, low: 0 }
      for (const size of asked) {
        const quotas = shares.quotas(size)
        shares.given(size)
        for (const priority of PRIORITIES) had[priority] += quotas[priority]
        for (const priority of PRIORITIES) {
          const share = (sumOf(had) * PRIORITY_SHARES[priority]) / ALL_SHARES
          expect(Math.abs(had[priority] - share)).toBeLessThan(1)
        }
      }
    }),
  )
})

test('a job of any queue is given within 21 turns of its being first there, whatever waits in the others', () => {
  const arrivals = fc.record({
    before: fc.integer({ min: 0, max: 100 }),
    size: fc.integer({ min: 1, max: 64 }),
    priority: fc.constantFrom(...PRIORITIES),
    others: fc.constantFrom(0, 1, 1_000),
  })
  fc.assert(
    fc.property(arrivals, ({ before, size, priority, others }) => {
      const shares = new PriorityShares()
      shares.given(before)
      const waiting = { high: others, normal: others, low: others, [priority]: 1 }
      let given = 0
      while (waiting[priority] === 1) {
        const taken = take(shares.quotas(size), waiting)
        shares.given(sumOf(taken))
        given += sumOf(taken)
      }
      expect(given).toBeLessThan(ALL_SHARES + size)
    }),
  )
})

test('turns that a queue does not use go to the most urgent that has jobs', () => {
  const quotas = new PriorityShares().quotas(21)
  expect(quotas).toEqual({ high: 16, normal: 4, low: 1 })
  expect(take(quotas, { high: 0, normal: 100, low: 100 })).toEqual({ high: 0, normal: 20, low: 1 })
  expect(take(quotas, { high: 18, normal: 2, low: 0 })).toEqual({ high: 18, normal: 2, low: 0 })
  expect(take(quotas, { high: 3, normal: 2, low: 100 })).toEqual({ high: 3, normal: 2, low: 16 })
})
