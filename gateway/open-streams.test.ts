import { once } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { EventStream } from './event-stream.ts'
import { OpenStreams, StreamRefused } from './open-streams.ts'

/** Its bytes go nowhere. */
function stream() {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  return { response, stream: new EventStream(response) }
}

const openStreams = () => new OpenStreams({ max: 3, maxPerToken: 2, clock: new HandClock() })

const refusal = (status: number) =>
  expect.objectContaining({ name: 'StreamRefused', status, message: expect.stringMatching(/^ERR /) })

test('a token has so many streams at once, and no fewer for another token', async () => {
  const streams = openStreams()
  const first = stream()
  streams.admit(first.stream, 'one')
  streams.admit(stream().stream, 'one')
  expect(() => streams.admit(stream().stream, 'one')).toThrow(refusal(429))
  streams.admit(stream().stream, 'two')
  expect(() => streams.admit(stream().stream, 'two')).toThrow(refusal(503))
  first.response.destroy()
  await once(first.response, 'close')
  streams.admit(stream().stream, 'one')
  expect(streams.count).toBe(3)
})

test('once they have ended there are no more, and one that was about to begin ends with its first event', () => {
  const streams = openStreams()
  const late = stream()
  streams.admit(late.stream, 'one')
  streams.end()
  expect(() => streams.admit(stream().stream, 'two')).toThrow(StreamRefused)
  expect(late.response.writableEnded).toBe(false)
  late.stream.begin(Buffer.from('data: first\n\n'))
  expect(late.response.statusCode).toBe(200)
  expect(late.response.writableEnded).toBe(true)
})
