import { expect, test } from 'vitest'
import { modelManifestSchema } from '../../shared/model-manifest.ts'
import { LoadMeter } from './load-meter.ts'
import type { SettledBatch } from './pool-observer.ts'

const manifest = (name: string) =>
  modelManifestSchema.parse({
    ...{ name, version: '1', task: 'embedding', outputs: { embedding: 'e' } },
    input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [2, 2, 3] },
    resize: { mode: 'stretch', size: 2, crop: 2, kernel: 'triangle' },
  })

function meter() {
  let now = 5_000
  const load = new LoadMeter({
    ...{ device: 'cpu', elapsed: () => now },
    drainRates: { tell: () => ({ 'a@1': 7 }) },
    runs: { tell: () => ({ state: 'slow', runningMs: 11_000, settledMsAgo: 12_000 }) },
  })
  return { load, pass: (ms: number) => (now += ms) }
}
const settled = (size: number) => ({ size }) as SettledBatch

test('tells images a second since it was last asked, for how long it is up, and whether it gets on', () => {
  const { load, pass } = meter()
  load.batchSettled(settled(32))
  load.batchSettled(settled(8))
  pass(2_000)
  expect(load.load()).toEqual({
    device: 'cpu',
    upMs: 2_000,
    inFlight: 0,
    imagesPerSecond: 20,
    drainRates: { 'a@1': 7 },
    ...{ state: 'slow', runningMs: 11_000, settledMsAgo: 12_000 },
  })
  pass(1_000)
  expect(load.load().imagesPerSecond).toBe(0)
})

test('adds up what all copies of all models hold, until they are gone', () => {
  const { load } = meter()
  const [old, next, other] = [manifest('a'), manifest('a'), manifest('b')]
  load.pendingChanged(old, 3)
  load.pendingChanged(other, 4)
  load.pendingChanged(next, 2)
  load.pendingChanged(old, 1)
  expect(load.load().inFlight).toBe(7)
  load.modelGone(old)
  expect(load.load().inFlight).toBe(6)
})
