import { describe, expect, test } from 'vitest'
import { modelManifestSchema } from '../../shared/model-manifest.ts'
import { noWork } from '../../shared/recent-work.ts'
import { LoadMeter } from './load-meter.ts'
import type { SettledBatch } from './pool-observer.ts'

const manifest = (name: string) =>
  modelManifestSchema.parse({
    ...{ name, version: '1', task: 'embedding', outputs: { embedding: 'e' } },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [2, 2, 3] },
    resize: { mode: 'stretch', size: 2, crop: 2, kernel: 'triangle' },
  })

const recent = noWork()

function meter() {
  let now = 5_000
  const load = new LoadMeter({
    ...{ device: 'cpu', elapsed: () => now },
    drainRates: { tell: () => ({ 'a@1': 20 }) },
    recentRuns: { tell: () => ({ 'a@1': recent }) },
    runs: { tell: () => ({ state: 'slow', runningMs: 11_000, settledMsAgo: 12_000 }) },
  })
  return { load, pass: (ms: number) => (now += ms) }
}
const [a, b] = [manifest('a'), manifest('b')]
const settled = (size: number, of = a) => ({ manifest: of, size }) as SettledBatch

test('tells images a second since it was last asked, for how long it is up, and whether it gets on', () => {
  const { load, pass } = meter()
  load.batchSettled(settled(32))
  load.batchSettled(settled(8, b))
  pass(2_000)
  expect(load.load()).toMatchObject({
    device: 'cpu',
    upMs: 2_000,
    inFlight: 0,
    imagesPerSecond: 20,
    drainRates: { 'a@1': 20 },
    recent: { 'a@1': recent },
    ...{ state: 'slow', runningMs: 11_000, settledMsAgo: 12_000 },
  })
  pass(1_000)
  expect(load.load().imagesPerSecond).toBe(0)
})

describe('how busy the pool was', () => {
  test('is what it served of what it could have, of each version whose rate is known', () => {
    const { load, pass } = meter()
    load.batchSettled(settled(4))
    load.batchSettled(settled(6))
    load.batchSettled(settled(100, b))
    pass(1_000)
    expect(load.load().busy).toEqual({ 'a@1': 0.5 })
    pass(1_000)
    expect(load.load().busy).toEqual({})
  })

  test('is all of it at most, whatever its rate was told to be', () => {
    const { load, pass } = meter()
    load.batchSettled(settled(21))
    pass(1_000)
    expect(load.load().busy).toEqual({ 'a@1': 1 })
  })

  test('is not known of no time at all', () => {
    const { load } = meter()
    load.batchSettled(settled(1))
    expect(load.load()).toMatchObject({ busy: {}, imagesPerSecond: 0 })
  })
})

test('adds up what all copies of all models hold, until they are gone', () => {
  const { load } = meter()
  const [old, next, other] = [a, manifest('a'), b]
  load.pendingChanged(old, 3)
  load.pendingChanged(other, 4)
  load.pendingChanged(next, 2)
  load.pendingChanged(old, 1)
  expect(load.load().inFlight).toBe(7)
  load.modelGone(old)
  expect(load.load().inFlight).toBe(6)
})
