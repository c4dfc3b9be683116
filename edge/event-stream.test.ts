import { expect, test } from 'vitest'
import { SleepingClock } from '../test/support/sleeping-clock.ts'
import { eventStreamResponse, type ServerSentEvent } from './event-stream.ts'

/** A clock on which time passes when the test says so. */
class HeldClock extends SleepingClock {
  readonly #held: (() => void)[] = []

  override sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve())
      this.#held.push(resolve)
    })
  }

  beat(): void {
    for (const wake of this.#held.splice(0)) wake()
  }
}

const event = (id: string): ServerSentEvent => ({ event: 'queued', id, data: '{"a":1}' })

test('events come as text/event-stream, and the stream ends with them', async () => {
  async function* events() {
    yield event('1')
    yield { ...event('3'), event: 'succeeded' }
  }
  const gone = new AbortController()
  const response = eventStreamResponse(events(), gone, new HeldClock(), new Headers({ 'x-request-id': 'r' }))
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('x-request-id')).toBe('r')
  expect(await response.text()).toBe(
    'retry: 1000\n\nevent: queued\nid: 1\ndata: {"a":1}\n\nevent: succeeded\nid: 3\ndata: {"a":1}\n\n',
  )
  expect(gone.signal.aborted).toBe(true)
})

test('silence is broken by comments', async () => {
  const clock = new HeldClock()
  const more = Promise.withResolvers<void>()
  async function* events() {
    await more.promise
    yield event('1')
  }
  const response = eventStreamResponse(events(), new AbortController(), clock, new Headers())
  clock.beat()
  await Promise.resolve()
  more.resolve()
  expect(await response.text()).toBe('retry: 1000\n\n: still here\n\nevent: queued\nid: 1\ndata: {"a":1}\n\n')
})

test('a client that goes ends the events', async () => {
  const gone = new AbortController()
  const ended = Promise.withResolvers<void>()
  async function* events() {
    try {
      yield event('1')
      await new Promise((resolve) => gone.signal.addEventListener('abort', resolve))
    } finally {
      ended.resolve()
    }
  }
  const response = eventStreamResponse(events(), gone, new HeldClock(), new Headers())
  await response.body?.cancel()
  await ended.promise
  expect(gone.signal.aborted).toBe(true)
})

test('a failure among the events ends the stream, not the process', async () => {
  // biome-ignore lint/correctness/useYield: it fails before it has something to say
  async function* events(): AsyncGenerator<ServerSentEvent> {
    throw new Error('away')
  }
  const response = eventStreamResponse(events(), new AbortController(), new HeldClock(), new Headers())
  expect(await response.text()).toBe('retry: 1000\n\n')
})
