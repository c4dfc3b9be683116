import { expect, test } from 'vitest'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { UploadGate } from './upload-gate.ts'

function gate(places: number, clock: SleepingClock) {
  return new UploadGate({ places, placeMs: 10_000, maxWaitMs: 5_000 }, clock, () => 0.5)
}

/** Work that lasts until it is told to end. */
function work() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { run: () => promise, end: resolve }
}

test('lets in as many as there are places, at once', async () => {
  const clock = new SleepingClock()
  const uploads = gate(2, clock)
  expect(await Promise.all([uploads.pass(async () => 'a'), uploads.pass(async () => 'b')])).toEqual([
    'a',
    'b',
  ])
  expect(clock.sleeps).toEqual([])
})

test('the next one waits until a place is free', async () => {
  const clock = new SleepingClock()
  const uploads = gate(1, clock)
  const first = work()
  const order: string[] = []
  const passing = uploads.pass(first.run).then(() => order.push('first'))
  clock.onWake = () => first.end()
  await uploads.pass(async () => order.push('second'))
  await passing
  expect(order).toEqual(['first', 'second'])
  expect(clock.sleeps.length).toBeGreaterThan(0)
})

test('a place is free again after work that fails', async () => {
  const uploads = gate(1, new SleepingClock())
  await expect(uploads.pass(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await uploads.pass(async () => 'next')).toBe('next')
})

test('who waits too long is told to come back', async () => {
  const clock = new SleepingClock()
  const uploads = gate(1, clock)
  const first = work()
  const passing = uploads.pass(first.run)
  await expect(uploads.pass(async () => {})).rejects.toMatchObject({ code: 'edge-busy' })
  expect(clock.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(5_000)
  first.end()
  await passing
})

test('a place whose holder vanished without a word is free again after its time', async () => {
  const clock = new SleepingClock()
  const uploads = gate(1, clock)
  void uploads.pass(work().run)
  clock.pass(10_001)
  expect(await uploads.pass(async () => 'in')).toBe('in')
})
