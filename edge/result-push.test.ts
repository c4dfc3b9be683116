import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { HandClock } from '../test/support/hand-clock.ts'
import { RestResultPush } from './result-push.ts'

const CHANNEL = 'eb:{model}:done:job'
const TOKEN = 'token-of-the-endpoint'
const STREAM = { 'content-type': 'text/event-stream' }
const ACKNOWLEDGED = `data: subscribe,${CHANNEL},1\n\n`
const message = (text: string) => `data: message,${CHANNEL},${text}\n\n`

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An endpoint over HTTP that answers as `answer` says, and push from it. */
async function pushFrom(answer: Answer) {
  const endpoint = { asked: 0, answer }
  const server = createServer((request, response) => {
    endpoint.asked++
    endpoint.answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const clock = new HandClock()
  return {
    push: new RestResultPush({ url: `http://127.0.0.1:${port}`, token: TOKEN }, clock),
    clock,
    endpoint,
  }
}

/** Sends pieces, each in a write of its own, and leaves the stream open. */
function sending(...pieces: (string | Uint8Array)[]): Answer {
  return async (_, response) => {
    response.writeHead(200, STREAM)
    for (const piece of pieces) await new Promise((sent) => response.write(piece, sent))
  }
}

function opened({ push }: { push: RestResultPush }, channel = CHANNEL) {
  const stream = push.open(channel)
  onTestFinished(() => stream.close())
  return stream
}

describe('a stream', () => {
  test('is asked for with the token, its channel percent-encoded', async () => {
    const asked = Promise.withResolvers<IncomingMessage>()
    const endpoint = await pushFrom((request) => asked.resolve(request))
    opened(endpoint, 'eb:{m}:done:/?#%,é')
    const { method, url, headers } = await asked.promise
    expect(method).toBe('GET')
    expect(url).toBe('/subscribe/eb%3A%7Bm%7D%3Adone%3A%2F%3F%23%25%2C%C3%A9')
    expect(headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' })
  })

  test('gives its messages in order, and undefined at its end, for good', async () => {
    const endpoint = await pushFrom((_, response) => {
      response.writeHead(200, STREAM)
      response.end(ACKNOWLEDGED + message('one') + message('') + message('a,b') + message('{"a":1}'))
    })
    const stream = opened(endpoint)
    for (const expected of ['one', '', 'a,b', '{"a":1}', undefined, undefined]) {
      expect(await stream.nextMessage()).toBe(expected)
    }
    expect(await stream.acknowledged).toBe(true)
  })

  test('has a message for each call, though calls overlap', async () => {
    const stream = opened(await pushFrom(sending(ACKNOWLEDGED, message('one'), message('two'))))
    const both = [stream.nextMessage(), stream.nextMessage()]
    expect(await Promise.all(both)).toEqual(['one', 'two'])
  })

  test('passes over comments, other channels and what it does not know', async () => {
    const noise = `: heartbeat\n\ndata: message,other,x\n\nevent: x\nid: 1\n\ndata: unsubscribe,${CHANNEL},0\n\n\n`
    const stream = opened(await pushFrom(sending(noise, ACKNOWLEDGED, noise, message('real'), noise)))
    expect(await stream.nextMessage()).toBe('real')
  })

  test('may come in any pieces', async () => {
    const text = 'grüße 漢字 😀'
    const bytes = Buffer.from(ACKNOWLEDGED + message(text) + message('next'))
    const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))
    const stream = opened(await pushFrom(sending(...single)))
    expect(await stream.nextMessage()).toBe(text)
    expect(await stream.nextMessage()).toBe('next')
  })

  test('may be cut in two anywhere', async () => {
    const text = 'ü漢😀'
    const bytes = Buffer.from(ACKNOWLEDGED + message(text))
    for (let cut = 1; cut < bytes.length; cut++) {
      const stream = opened(await pushFrom(sending(bytes.subarray(0, cut), bytes.subarray(cut))))
      expect(await stream.nextMessage()).toBe(text)
      stream.close()
    }
  })

  test('says of a message over 64 KiB only that there was one', async () => {
    const longest = 'x'.repeat(64 * 1024)
    const far = 'x'.repeat(5_000_000)
    const messages = [longest, `${longest}x`, far, 'next'].map(message)
    const stream = opened(await pushFrom(sending(ACKNOWLEDGED, ...messages)))
    const got = [await stream.nextMessage(), await stream.nextMessage(), await stream.nextMessage()]
    expect(got.map((text) => text?.length)).toEqual([longest.length, 0, 0])
    expect(await stream.nextMessage()).toBe('next')
  })

  test('that is cut off ends', async () => {
    const endpoint = await pushFrom(async (request, response) => {
      response.writeHead(200, STREAM)
      await new Promise((sent) => response.write(ACKNOWLEDGED, sent))
      request.socket.destroy()
    })
    expect(await opened(endpoint).nextMessage()).toBeUndefined()
  })
})

describe('closing a stream', () => {
  test('before it is acknowledged: it never will be, and the endpoint sees the client go', async () => {
    const gone = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const endpoint = await pushFrom((_, response) => {
      response.on('close', gone.resolve)
      asked.resolve()
    })
    const stream = opened(endpoint)
    const next = stream.nextMessage()
    await asked.promise
    stream.close()
    expect(await stream.acknowledged).toBe(false)
    expect(await next).toBeUndefined()
    await gone.promise
  })

  test('ends who is waiting for a message, and the endpoint sees the client go', async () => {
    const gone = Promise.withResolvers<void>()
    const endpoint = await pushFrom((_, response) => {
      response.on('close', gone.resolve)
      response.writeHead(200, STREAM).write(ACKNOWLEDGED)
    })
    const stream = opened(endpoint)
    expect(await stream.acknowledged).toBe(true)
    const next = stream.nextMessage()
    stream.close()
    expect(await next).toBeUndefined()
    expect(await stream.nextMessage()).toBeUndefined()
    await gone.promise
  })

  test('says nothing against the endpoint: the next is opened', async () => {
    const endpoint = await pushFrom(() => {})
    const stream = opened(endpoint)
    stream.close()
    expect(await stream.acknowledged).toBe(false)
    endpoint.endpoint.answer = sending(ACKNOWLEDGED)
    expect(await opened(endpoint).acknowledged).toBe(true)
  })
})

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
