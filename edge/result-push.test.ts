import type { IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  ACKNOWLEDGED,
  CHANNEL,
  message,
  pushFrom,
  STREAM,
  sending,
  TOKEN,
} from '../test/support/push-endpoint.ts'
import type { RestResultPush } from './result-push.ts'

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
