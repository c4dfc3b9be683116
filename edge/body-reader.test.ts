import { describe, expect, test } from 'vitest'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { BodyReader } from './body-reader.ts'

const LIMITS = { maxBytes: 100, maxBytesHeld: 150, maxMs: 60_000 }

/** A clock on which nothing is ever late. */
class PatientClock extends SleepingClock {
  override sleep(): Promise<void> {
    return new Promise(() => {})
  }
}

function requestWith(
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Request {
  return new Request('https://edge.test/predict', {
    method: 'POST',
    body,
    headers,
    duplex: 'half',
  } as RequestInit)
}

/** A body in pieces of the given sizes; without `close` it never ends. */
function pieces(sizes: number[], close = true): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const size of sizes) controller.enqueue(new Uint8Array(size).fill(size))
      if (close) controller.close()
    },
  })
}

const read = (reader: BodyReader, request: Request) => reader.read(request, reader.hold())

describe('reading a body', () => {
  test('gives all of its pieces in order', async () => {
    const body = await read(new BodyReader(LIMITS, new PatientClock()), requestWith(pieces([2, 3])))
    expect([...body]).toEqual([2, 2, 3, 3, 3])
  })

  test('keeps no piece, so that many small ones take no more memory than they hold', async () => {
    const piece = new Uint8Array(1)
    let sent = 0
    // The next is asked for when this one has been read, and comes in the same memory.
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent === 100) return controller.close()
          piece[0] = sent++
          controller.enqueue(piece)
        },
      },
      { highWaterMark: 0 },
    )
    const whole = await read(new BodyReader(LIMITS, new PatientClock()), requestWith(body))
    expect([...whole]).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  test('takes no memory for what is announced alone', async () => {
    const limits = { maxBytes: 10_000_000, maxBytesHeld: 10_000_000, maxMs: 60_000 }
    const request = requestWith(pieces([1]), { 'content-length': '9000000' })
    const body = await read(new BodyReader(limits, new PatientClock()), request)
    expect(body.buffer.byteLength).toBeLessThan(100_000)
  })

  test('of none is empty', async () => {
    const request = new Request('https://edge.test/predict', { method: 'POST' })
    expect(await read(new BodyReader(LIMITS, new PatientClock()), request)).toHaveLength(0)
  })

  test.each([
    ['by what arrives', requestWith(pieces([60, 60]))],
    ['by what is announced', requestWith(pieces([1]), { 'content-length': '101' })],
  ])('that is too large is refused, %s', async (_, request) => {
    const reading = read(new BodyReader(LIMITS, new PatientClock()), request)
    await expect(reading).rejects.toMatchObject({ code: 'body-too-large' })
  })

  test('that does not arrive in time is refused', async () => {
    const reading = read(new BodyReader(LIMITS, new SleepingClock()), requestWith(pieces([1], false)))
    await expect(reading).rejects.toMatchObject({ code: 'upload-too-slow' })
  })
})

describe('all bodies together', () => {
  test('are bounded by what has arrived', async () => {
    const reader = new BodyReader(LIMITS, new PatientClock())
    await read(reader, requestWith(pieces([90])))
    await expect(read(reader, requestWith(pieces([90])))).rejects.toMatchObject({ code: 'edge-busy' })
  })

  test('have room again when one is released', async () => {
    const reader = new BodyReader(LIMITS, new PatientClock())
    const held = reader.hold()
    await reader.read(requestWith(pieces([90])), held)
    reader.release(held)
    expect(await read(reader, requestWith(pieces([90])))).toHaveLength(90)
  })

  test('have room again when one was forgotten', async () => {
    const clock = new PatientClock()
    const reader = new BodyReader(LIMITS, clock)
    await read(reader, requestWith(pieces([90])))
    clock.pass(LIMITS.maxMs + 60_001)
    expect(await read(reader, requestWith(pieces([90])))).toHaveLength(90)
  })
})
