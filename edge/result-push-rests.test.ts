import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import {
  ACKNOWLEDGED,
  type Answer,
  CHANNEL,
  message,
  pushFrom,
  STREAM,
  sending,
  TOKEN,
} from '../test/support/push-endpoint.ts'
import { RestResultPush } from './result-push.ts'

const refusing =
  (status: number): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"ERR"}')
const jsonInstead: Answer = (_, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"result":1}')

/** How long push is not asked for after one answer. */
async function restAfter(answer: Answer): Promise<number> {
  const { push, clock, endpoint } = await pushFrom(answer)
  const stream = push.open(CHANNEL)
  expect(await stream.acknowledged).toBe(false)
  expect(await stream.nextMessage()).toBeUndefined()
  stream.close()
  endpoint.answer = sending(ACKNOWLEDGED)
  for (let restMs = 0; ; restMs += 1_000) {
    const { asked } = endpoint
    const again = push.open(CHANNEL)
    const acknowledged = await again.acknowledged
    again.close()
    // While it rests, the endpoint is not even asked.
    expect(endpoint.asked - asked).toBe(acknowledged ? 1 : 0)
    if (acknowledged) return restMs
    clock.pass(1_000)
  }
}

describe('an endpoint', () => {
  test.each([400, 404, 405, 501])(
    'that offers no push (%i) is not asked for five minutes',
    async (status) => {
      expect(await restAfter(refusing(status))).toBe(300_000)
    },
  )

  test('that answers with something else is not asked for five minutes', async () => {
    expect(await restAfter(jsonInstead)).toBe(300_000)
  })

  test.each([401, 403, 429, 500, 503])(
    'that gives no push now (%i) is not asked for five seconds',
    async (status) => {
      expect(await restAfter(refusing(status))).toBe(5_000)
    },
  )

  test('that cuts the connection is not asked for five seconds', async () => {
    expect(await restAfter((request) => request.socket.destroy())).toBe(5_000)
  })

  test('whose stream ends without an acknowledgement of this channel is not asked for five seconds', async () => {
    const other = `: hello\n\ndata: subscribe,other,1\n\n${message('early')}`
    expect(await restAfter((_, response) => response.writeHead(200, STREAM).end(other))).toBe(5_000)
  })

  test('that is not there gives no push, and no error', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await new Promise((closed) => server.close(closed))
    const stream = new RestResultPush(
      { url: `http://127.0.0.1:${port}`, token: TOKEN },
      new HandClock(),
    ).open(CHANNEL)
    expect(await stream.acknowledged).toBe(false)
    expect(await stream.nextMessage()).toBeUndefined()
  })

  test('that does not answer within five seconds is given up, and not asked for as long', async () => {
    const asked = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    const { push, clock, endpoint } = await pushFrom((_, response) => {
      response.on('close', gone.resolve)
      asked.resolve()
    })
    const stream = push.open(CHANNEL)
    await asked.promise
    clock.pass(5_000)
    expect(await stream.acknowledged).toBe(false)
    await gone.promise
    clock.pass(4_999)
    expect(await push.open(CHANNEL).acknowledged).toBe(false)
    expect(endpoint.asked).toBe(1)
    clock.pass(1)
    endpoint.answer = sending(ACKNOWLEDGED)
    const again = push.open(CHANNEL)
    onTestFinished(() => again.close())
    expect(await again.acknowledged).toBe(true)
  })

  test('that has acknowledged is given all the time it needs for messages', async () => {
    const begun = Promise.withResolvers<ServerResponse>()
    const { push, clock } = await pushFrom((_, response) => {
      response.writeHead(200, STREAM).write(ACKNOWLEDGED)
      begun.resolve(response)
    })
    const stream = push.open(CHANNEL)
    onTestFinished(() => stream.close())
    expect(await stream.acknowledged).toBe(true)
    clock.pass(3_600_000)
    const response = await begun.promise
    response.write(message('late'))
    expect(await stream.nextMessage()).toBe('late')
  })
})
