import { describe, expect, test } from 'vitest'
import { randomNumbers } from '../support/random-numbers.ts'
import { FAULT_KINDS, planFaults } from './fault-plan.ts'
import { colourOf, planRequests } from './request-plan.ts'
import { FULL_RUN, SHORT_RUN } from './settings.ts'

const settings = (seed: number, run = SHORT_RUN) => ({ ...run, seed })

describe('a plan', () => {
  test('is the same for the same seed, and another for another', () => {
    const plan = (seed: number) => [
      planRequests(settings(seed), randomNumbers(seed)),
      planFaults(settings(seed), randomNumbers(seed)),
    ]
    expect(plan(5)).toEqual(plan(5))
    expect(plan(6)).not.toEqual(plan(5))
  })

  test.each([1, 2, 3, 4])('has every kind of fault, in the order of requests (seed %i)', (seed) => {
    const faults = planFaults(settings(seed), randomNumbers(seed))
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS))
    const at = faults.map((fault) => fault.at)
    expect(at).toEqual(at.toSorted((a, b) => a - b))
    expect(at.at(-1)).toBeLessThan(SHORT_RUN.requests)
  })

  test('stalls pools for longer than their lease', () => {
    const faults = planFaults(settings(1, FULL_RUN), randomNumbers(1))
    const stalls = faults.flatMap((fault) => (fault.kind === 'stall-pool' ? [fault.ms] : []))
    expect(Math.min(...stalls)).toBeGreaterThan(FULL_RUN.leaseMs)
  })

  test('has images that come again, and otherwise another for each request', () => {
    const plans = planRequests(settings(1, FULL_RUN), randomNumbers(1))
    const colours = Map.groupBy(plans, ({ colour }) => String(colour))
    const common = [...colours.values()].filter(({ length }) => length > 1)
    expect(common.length).toBeGreaterThan(100)
    expect(colours.size).toBeGreaterThan(FULL_RUN.requests * 0.75)
  })

  test('has no two numbers with one colour', () => {
    const count = 100_000
    const colours = new Set(Array.from({ length: count }, (_, number) => String(colourOf(number))))
    expect(colours.size).toBe(count)
  })
})
