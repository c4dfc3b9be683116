import { describe, expect, test } from 'vitest'
import { LOAD_CURVES, type LoadCurve } from './load-curves.ts'
import { CLOUDS, type Cloud } from './machine-types.ts'
import type { ScalingNumbers } from './options.ts'
import { rowsOf, runCase } from './scaling-case.ts'

const DEFAULTS: ScalingNumbers = {
  ...{ target: 80, 'min-size': 0, 'max-size': 4, boot: 240, warm: 600, warmup: 120 },
  ...{ stabilization: 600, metric: 60, backlog: 1_000, deadline: 900, seed: 1 },
}
const steady = (load: number, hours = 6): LoadCurve => ({ name: 'test', hours, load: () => load })
const run = (cloud: Cloud, curve: LoadCurve, changes: Partial<ScalingNumbers> = {}) =>
  runCase({ cloud, curve, numbers: { ...DEFAULTS, ...changes } })
/** What happened once the machines were there that a load from nothing takes. */
const settled = (result: ReturnType<typeof run>) =>
  result.timeline.filter(({ second }) => second >= 2 * 3_600)
const sizes = (result: ReturnType<typeof run>) =>
  new Set(settled(result).map(({ serving, starting }) => serving + starting))

describe.each(CLOUDS)('with the defaults on %s', (cloud) => {
  test('a first job from nothing waits for the metric and a machine, and no longer', () => {
    const result = run(
      cloud,
      { name: 'test', hours: 1, load: (second) => (second === 600 ? 0.001 : 0) },
      { rate: 1_000 },
    )
    expect(result.served).toBeGreaterThan(0)
    expect(result.waitP95).toBeLessThanOrEqual(60 + 60 + 1.15 * DEFAULTS.boot)
    expect(Math.max(...result.timeline.map(({ serving }) => serving))).toBe(1)
  })

  test.each([0.2, 0.5, 0.7, 0.9, 1.2, 1.5, 1.9, 2.2, 2.5, 3])(
    'a load of %s machines keeps their number as it is',
    (load) => {
      const result = run(cloud, steady(load))
      expect([...sizes(result)]).toHaveLength(1)
      expect([...sizes(result)][0]).toBe(Math.ceil(load / 0.8))
    },
  )

  test.each([10, 300, 13_158])('no machine is taken away that a load takes, at %d jobs a second', (rate) => {
    // Just what one or two machines are to carry: here their number may change, by chance.
    for (const load of [0.8, 1.6, 2.4])
      for (const { serving } of settled(run(cloud, steady(load), { rate })))
        expect(serving).toBeGreaterThanOrEqual(load)
  })

  test('machines that were added for a burst are gone within half an hour after it, and none is left when nobody comes', () => {
    const burst = (second: number) => (second < 1_200 ? 3 : 0)
    const { timeline } = run(cloud, { name: 'test', hours: 2, load: burst })
    expect(Math.max(...timeline.map(({ serving }) => serving))).toBe(4)
    for (const { second, serving } of timeline) if (second >= 1_200 + 1_800) expect(serving).toBe(0)
  })

  test('machines that the cloud takes back are replaced', () => {
    const curve = { ...steady(1.9), interruptions: [{ second: 9_000, share: 1 }] }
    const result = run(cloud, curve)
    expect(result.interrupted).toBeGreaterThan(0)
    const at = (second: number) => result.timeline.find((point) => point.second === second)?.serving
    expect(at(9_060)).toBe(0)
    expect(at(9_600)).toBeGreaterThanOrEqual(2)
  })

  test('a target above what a busy machine counts for swings: it is never reached before machines are too few', () => {
    const swinging = run(cloud, steady(1.5), { target: 150 })
    const held = run(cloud, steady(1.5))
    expect(sizes(swinging).size).toBeGreaterThan(1)
    expect(swinging.refused).toBeGreaterThan(5 * held.refused)
  })

  test('every curve ends with every job accounted for, and the same seed gives the same figures', () => {
    for (const curve of LOAD_CURVES) {
      const [one, again] = [run(cloud, curve), run(cloud, curve)]
      expect(one).toEqual(again)
      expect(one.served).toBeGreaterThan(0)
      for (const { value } of rowsOf('x', { cloud, curve, numbers: DEFAULTS }, one))
        expect(Number.isFinite(value)).toBe(true)
    }
    expect(run(cloud, steady(1), { seed: 2 }).served).not.toBe(run(cloud, steady(1)).served)
  })
})

test('machines are paid for from launch until they are gone', () => {
  const result = run('gcp', { name: 'test', hours: 1, load: () => 0 }, { 'min-size': 2 })
  expect(result.machineHours).toBeCloseTo(2, 5)
})
