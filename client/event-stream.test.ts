import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type StreamedEvent, streamedEvents } from './event-stream.ts'

const neverSilent = () => new Promise<void>(() => {})

/** A body that arrives in pieces that begin at `cuts`. */
function arriving(text: string, cuts: readonly number[] = []): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const pieces = [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift()
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
}

async function eventsIn(text: string, cuts?: readonly number[]): Promise<StreamedEvent[]> {
  const events: StreamedEvent[] = []
  for await (const event of streamedEvents(arriving(text, cuts), neverSilent)) events.push(event)
  return events
}

const STREAM =
  'retry: 1000\n\nevent: queued\nid: 1\ndata: {"é":1}\n\n: still here\n\nevent: succeeded\r\nid: 3\r\ndata:2\r\n\r\n'
const EVENTS = [
  { event: 'queued', id: '1', data: '{"é":1}' },
  { event: 'succeeded', id: '3', data: '2' },
]

test('events are told apart, and comments left out', async () => {
  expect(await eventsIn(STREAM)).toEqual(EVENTS)
})

test('wherever the pieces are cut in which they arrive', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 20 }), async (cuts) => {
      expect(await eventsIn(STREAM, cuts)).toEqual(EVENTS)
    }),
  )
})

test('an event without a name is a message, one of several lines is joined, and an id stays until the next', async () => {
  expect(await eventsIn('id: 7\ndata: a\ndata: b\n\ndata\n\n')).toEqual([
    { event: 'message', id: '7', data: 'a\nb' },
    { event: 'message', id: '7', data: '' },
  ])
})

test('one that was cut off is no event', async () => {
  expect(await eventsIn('event: succeeded\nid: 3\ndata: {}\n')).toEqual([])
})

test('whoever stops listening ends the stream', async () => {
  let canceled = false
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => {
      canceled = true
    },
  })
  for await (const _ of streamedEvents(body, neverSilent)) break
  expect(canceled).toBe(true)
})
