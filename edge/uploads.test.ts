import { expect, test } from 'vitest'
import type { ProblemError } from '../shared/errors.ts'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { Uploads } from './uploads.ts'

const LARGE = 1024 * 1024 + 1

function uploads(clock: SleepingClock, maxWaitMs = 5_000): Uploads {
  const limits = { maxBytes: 1, maxBytesHeld: 1, maxMs: 1, places: 8, maxWaitMs }
  return new Uploads(limits, clock, () => 0.5)
}

const endless = () => new Promise<void>(() => {})

/** How many of `count` that are sent at the same time, and never done, have begun. */
async function begun(count: number, bytes: number): Promise<number> {
  const all = uploads(new SleepingClock())
  let sending = 0
  const send = () => {
    sending++
    return endless()
  }
  for (let i = 0; i < count; i++) void all.sending(bytes, send).catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  return sending
}

test('what is large is sent on two at a time', async () => {
  expect(await begun(5, LARGE)).toBe(2)
})

test('what is small does not wait for one another', async () => {
  expect(await begun(20, LARGE - 1)).toBe(20)
})

test('who waits too long to send is told to come back', async () => {
  const all = uploads(new SleepingClock())
  void all.sending(LARGE, endless)
  void all.sending(LARGE, endless)
  await expect(all.sending(LARGE, endless)).rejects.toMatchObject({ code: 'edge-busy' })
})

test('those whom the edge refuses are told to come back one after another', async () => {
  const all = uploads(new SleepingClock(), 1_000)
  const call = () => all.withBody(new Request('http://edge/predict', { method: 'POST' }), endless)
  for (let i = 0; i < 8; i++) void call()
  const told = []
  for (let i = 0; i < 3; i++) {
    const refusal = await call().catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'edge-busy' })
    told.push(Number((refusal as ProblemError).headers['retry-after']))
  }
  // Two seconds apart, less the second that each has waited.
  expect(told).toEqual([1, 2, 3])
})
