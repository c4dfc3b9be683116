import { describe, expect, test } from 'vitest'
import { AwsPolicy } from './aws-policy.ts'
import { GcpPolicy } from './gcp-policy.ts'
import type { Sample, ScalingPolicy } from './scaling-policy.ts'

const SIZES = { minSize: 0, maxSize: 4 }
const TARGET = { targetBacklogPerInstance: 80 }
const aws = (sizes = SIZES) => new AwsPolicy({ ...sizes, ...TARGET })
const gcp = (sizes = SIZES) => new GcpPolicy({ ...sizes, ...TARGET, stabilizationSeconds: 600 })

/** A sample each minute. */
const minutes = (...told: { depth: number; machines: number }[]): Sample[] =>
  told.map((each, i) => ({ ...each, second: 60 * i }))
const same = (count: number, depth: number, machines: number) =>
  Array.from({ length: count }, () => ({ depth, machines }))

const decide = (policy: ScalingPolicy, samples: Sample[], desired: number, starting = 0) =>
  policy.decide(samples, { second: samples.at(-1)?.second ?? 0, desired, starting })

describe('AWS', () => {
  test('wakes one machine for one job, in the first minute that shows it', () => {
    expect(decide(aws(), minutes({ depth: 1, machines: 0 }), 0)).toBe(1)
  })

  test('wakes no second one while the first starts, however long that takes', () => {
    expect(decide(aws(), minutes(...same(20, 1, 0)), 1, 1)).toBe(1)
  })

  test('leaves nothing at nothing', () => {
    expect(decide(aws(), minutes(...same(20, 0, 0)), 0)).toBe(0)
    expect(decide(aws(), [], 0)).toBe(0)
  })

  test('adds what the depth takes after three minutes above the target, and not after two', () => {
    expect(decide(aws(), minutes({ depth: 80, machines: 1 }, ...same(2, 200, 1)), 1)).toBe(1)
    expect(decide(aws(), minutes(...same(3, 200, 1)), 1)).toBe(3)
  })

  test('does not add what starts already', () => {
    expect(decide(aws(), minutes(...same(5, 200, 1)), 3, 2)).toBe(3)
  })

  test('takes away after fifteen minutes below nine tenths of the target, and not after fourteen', () => {
    expect(decide(aws(), minutes({ depth: 144, machines: 2 }, ...same(14, 70, 2)), 2)).toBe(2)
    expect(decide(aws(), minutes(...same(15, 70, 2)), 2)).toBe(1)
    expect(decide(aws(), minutes(...same(15, 143, 2)), 2)).toBe(2)
  })

  test('takes none away while one starts', () => {
    expect(decide(aws(), minutes(...same(15, 0, 2)), 3, 1)).toBe(3)
  })

  test('goes to nothing only when nothing is left', () => {
    expect(decide(aws(), minutes(...same(15, 1, 1)), 1)).toBe(1)
    expect(decide(aws(), minutes(...same(14, 1, 1), { depth: 0, machines: 1 }), 1)).toBe(0)
  })
})

describe('Google', () => {
  test('wakes as many machines as the depth takes, at once', () => {
    expect(decide(gcp(), minutes({ depth: 1, machines: 0 }), 0)).toBe(1)
    expect(decide(gcp(), minutes({ depth: 161, machines: 0 }), 0)).toBe(3)
  })

  test('shrinks to the most that it wanted within the stabilisation period', () => {
    const policy = gcp()
    const samples = minutes(...same(3, 200, 3), ...same(12, 90, 3))
    const wanted = samples.map((_, i) => decide(policy, samples.slice(0, i + 1), 3))
    expect(wanted).toEqual([...Array(12).fill(3), 2, 2, 2])
  })

  test('leaves things as they are where it knows nothing', () => {
    expect(decide(gcp(), [], 2)).toBe(2)
  })
})

describe.each([
  ['AWS', aws],
  ['Google', gcp],
])('%s', (_, policy) => {
  test('stays within its limits', () => {
    const sizes = { minSize: 1, maxSize: 2 }
    expect(decide(policy(sizes), minutes(...same(15, 0, 1)), 1)).toBe(1)
    expect(decide(policy(sizes), minutes(...same(15, 10_000, 1)), 1)).toBe(2)
  })
})
