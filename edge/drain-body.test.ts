import { expect, test } from 'vitest'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { drainBody } from './drain-body.ts'

/** A clock on which nothing is ever late, and that tells whether somebody still waits. */
class PatientClock extends SleepingClock {
  waits = 0
  override sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    this.waits++
    return new Promise((resolve) =>
      signal?.addEventListener('abort', () => {
        this.waits--
        resolve()
      }),
    )
  }
}

function post(body: ReadableStream<Uint8Array>): Request {
  return new Request('https://edge.test/predict', { method: 'POST', body, duplex: 'half' } as RequestInit)
}

/** A body of a megabyte at a time; undefined: without an end. */
function megabytes(count: number | undefined) {
  const sent = { megabytes: 0 }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (sent.megabytes === count) return controller.close()
        sent.megabytes++
        controller.enqueue(new Uint8Array(1_000_000))
      },
    },
    { highWaterMark: 0 },
  )
  return { body, sent }
}

test('a body is read to its end, and the time that it might have taken is waited for no more', async () => {
  const { body, sent } = megabytes(3)
  const clock = new PatientClock()
  await drainBody(post(body), 1_000, clock)
  expect(sent.megabytes).toBe(3)
  expect(clock.waits).toBe(0)
})

test('a body without an end is given up', async () => {
  const { body, sent } = megabytes(undefined)
  await drainBody(post(body), 1_000, new PatientClock())
  expect(sent.megabytes).toBe(100)
})

test('a body that does not come is given up when its time is over', async () => {
  const clock = new SleepingClock()
  await drainBody(post(new ReadableStream()), 1_000, clock)
  expect(clock.sleeps).toEqual([1_000])
})

test('a client that goes away, and one that sends no body, are no failure', async () => {
  const gone = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('gone')) })
  await drainBody(post(gone), 1_000, new PatientClock())
  await drainBody(new Request('https://edge.test/models'), 1_000, new PatientClock())
})
