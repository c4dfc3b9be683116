import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Clock } from '../shared/clock.ts'
import { HandClock } from '../test/support/hand-clock.ts'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { UploadGate } from './upload-gate.ts'

function gate(places: number, clock: Clock) {
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

/** Who takes the one place, one after another, until all have: each for `workMs` by the clock. */
function inTurns(workMs: number) {
  const clock = new HandClock()
  const uploads = gate(1, clock)
  const entered: string[] = []
  const come = (name: string) =>
    void uploads.pass(async () => {
      entered.push(name)
      await clock.sleep(workMs)
    })
  /** By the millisecond: as timers would. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      clock.pass(1)
      await turn()
    }
  }
  return { come, pass, entered }
}

test('nobody goes before one who came earlier, were it at the moment when the place is free', async () => {
  const { come, pass, entered } = inTurns(300)
  for (const name of ['a', 'b', 'c']) come(name)
  await pass(299)
  come('d')
  await pass(1)
  come('e')
  await pass(1_500)
  expect(entered).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('however many come, who waits is served in the order of the line', async () => {
  const { come, pass, entered } = inTurns(10)
  const names = Array.from({ length: 60 }, (_, i) => `${i}`)
  for (const name of names) {
    come(name)
    await pass(4)
  }
  await pass(1_500)
  expect(entered).toEqual(names)
})

test('those in line who have gone without a word keep nobody from a place', async () => {
  const clock = new SleepingClock()
  let gone = true
  const never = new Promise<void>(() => {})
  const uploads = gate(1, { now: () => clock.now(), sleep: (ms) => (gone ? never : clock.sleep(ms)) })
  const first = work()
  const passing = uploads.pass(first.run)
  for (let i = 0; i < 20; i++) void uploads.pass(async () => {})
  gone = false
  first.end()
  await passing
  expect(await uploads.pass(async () => 'in')).toBe('in')
})
