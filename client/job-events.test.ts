import { expect, test } from 'vitest'
import { type Answer, answeringServer, hangUp, json } from '../test/support/answering-server.ts'
import { ClientClock } from '../test/support/client-clock.ts'
import { EdgebatchClient } from './index.ts'

const event = (name: string, id: number, place: number | null = null) =>
  `event: ${name}\nid: ${id}\ndata: ${JSON.stringify({ status: name, queue_position: place })}\n\n`

/** A stream that ends, or breaks, after these. */
const stream =
  (end: 'ends' | 'breaks', ...events: string[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`retry: 1000\n\n: hello\n\n${events.join('')}`, () => {
      if (end === 'ends') response.end()
      else response.destroy()
    })
  }

/** Silence that is too long. */
const SILENCE_MS = 45_000

async function follow(
  answers: Answer[],
  options: { maxRetries?: number } = {},
  clock = new ClientClock(SILENCE_MS),
) {
  const { url, received } = await answeringServer(...answers)
  const client = new EdgebatchClient({ baseUrl: url, apiKey: 'eb_key', clock, random: () => 0, ...options })
  const seen: string[] = []
  const following = (async () => {
    for await (const { event, job } of client.events('a.model'))
      seen.push(`${event} ${job.queue_position ?? ''}`.trim())
  })()
  const error = await following.then(
    () => undefined,
    (error: unknown) => error,
  )
  return { seen, error, received, clock }
}

test('a job is followed to its end, with the API key that EventSource could not send', async () => {
  const { seen, error, received } = await follow([
    stream(
      'ends',
      event('queued', 1, 2),
      event('queued', 1, 1),
      event('processing', 2),
      event('succeeded', 3),
    ),
  ])
  expect([seen, error]).toEqual([['queued 2', 'queued 1', 'processing', 'succeeded'], undefined])
  expect(received).toHaveLength(1)
  expect(received[0]?.headers).toMatchObject({ authorization: 'Bearer eb_key', accept: 'text/event-stream' })
  expect(received[0]?.headers).not.toHaveProperty('last-event-id')
})

test.each(['ends', 'breaks'] as const)(
  'a stream that %s too early is gone on with where it was',
  async (end) => {
    const { seen, received, clock } = await follow([
      stream(end, event('queued', 1, 1), event('processing', 2)),
      stream('ends', event('processing', 2), event('failed', 3)),
    ])
    expect(seen).toEqual(['queued 1', 'processing', 'failed'])
    expect(received.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2'])
    expect(clock.sleeps).toEqual([1_000])
  },
)

test('a stream that falls silent is left, and gone on with where it was', async () => {
  const clock = new ClientClock(SILENCE_MS)
  let begun = 0
  clock.onLimit = () => {
    // The first read brings the event; while the second waits, nothing comes.
    if (++begun === 2) queueMicrotask(() => clock.runOut())
  }
  const silent: Answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event('queued', 1, 1))
  }
  const { seen, received } = await follow([silent, stream('ends', event('failed', 3))], {}, clock)
  expect(seen).toEqual(['queued 1', 'failed'])
  expect(received.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1'])
  expect(clock.limits).toBe(0)
})

test('a stream that has nothing more to tell is the end', async () => {
  const nothing: Answer = (response) => response.writeHead(204).end()
  expect(await follow([stream('ends', event('queued', 1, 1)), nothing])).toMatchObject({
    seen: ['queued 1'],
    error: undefined,
  })
})

test('a service that is away for a moment is waited for', async () => {
  const { seen, clock } = await follow([
    hangUp,
    json(503, {}, { 'retry-after': '2' }),
    stream('ends', event('expired', 3)),
  ])
  expect(seen).toEqual(['expired'])
  expect(clock.sleeps).toEqual([250, 2_000])
})

test('connections that bring nothing are given up', async () => {
  const { error, received } = await follow([stream('ends')], { maxRetries: 2 })
  expect(error).toMatchObject({ code: 'unreachable', retryable: true })
  expect(received).toHaveLength(3)
})

test('a job that is not there is told as such', async () => {
  const { error } = await follow([json(404, { code: 'job-not-found', detail: 'no' })])
  expect(error).toMatchObject({ code: 'job-not-found' })
})
