import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { Access } from './access.ts'
import { createGateway } from './app.ts'
import { Monitor } from './monitor.ts'
import { OpenStreams } from './open-streams.ts'
import { connectGatewayRedis, GatewayRedis } from './redis.ts'
import { Subscriptions } from './subscriptions.ts'

const TOKEN = 'correct-horse-battery-staple'

/** The gateway with a Redis connection that was never opened: what gets past the door answers 503. */
function gateway() {
  const errors: Error[] = []
  const redis = connectGatewayRedis('redis://127.0.0.1:1')
  onTestFinished(() => redis.disconnect())
  const app = createGateway({
    isStopping: () => false,
    access: new Access([
      {
        token: TOKEN,
        caller: {
          name: 'default',
          readOnly: false,
          redis: new GatewayRedis(redis),
          subscriptions: new Subscriptions(redis),
          monitor: new Monitor(() => redis),
        },
      },
    ]),
    streams: new OpenStreams({ max: 10, maxPerToken: 10, clock: systemClock }),
    allowMonitor: true,
    onError: (error) => errors.push(error),
  })
  const post = (path: string, body: string, authorization?: string) =>
    app.request(
      path,
      { method: 'POST', body, headers: authorization === undefined ? {} : { authorization } },
      { outgoing: new ServerResponse(new IncomingMessage(new Socket())) },
    )
  return { app, errors, post }
}

const PATHS = ['/', '/pipeline', '/multi-exec', '/subscribe/channel', '/no-such-path']

describe('a request gets in only with the token', () => {
  test.each([
    ['none', undefined],
    ['an empty header', ''],
    ['no token', 'Bearer '],
    ['a wrong token', 'Bearer incorrect-horse-battery-staple'],
    ['the beginning of the token', `Bearer ${TOKEN.slice(0, -1)}`],
    ['the token and more', `Bearer ${TOKEN}x`],
    ['the token in other letters', `Bearer ${TOKEN.toUpperCase()}`],
    ['the token without its scheme', TOKEN],
    ['the token under another scheme', `Basic ${TOKEN}`],
  ])('%s: 401, on every path', async (_, authorization) => {
    const { post, errors } = gateway()
    for (const path of PATHS) {
      const response = await post(path, '["PING"]', authorization)
      expect(response.status).toBe(401)
      expect(await response.json()).toEqual({ error: expect.stringMatching(/^WRONGPASS /) })
    }
    expect(errors).toEqual([])
  })

  test('the token: past the door, to a Redis that is not there', async () => {
    const { post, errors } = gateway()
    const bodies = {
      '/': '["PING"]',
      '/pipeline': '[["PING"]]',
      '/multi-exec': '[["PING"]]',
      '/subscribe/channel': '[]',
    }
    for (const [path, body] of Object.entries(bodies)) {
      const response = await post(path, body, `Bearer ${TOKEN}`)
      expect(response.status).toBe(503)
      expect(await response.json()).toEqual({ error: 'ERR Redis cannot be reached' })
    }
    expect(errors.map(({ name }) => name)).toEqual(Array(4).fill('RedisAway'))
  })

  test('only the health check needs no token', async () => {
    const { app } = gateway()
    expect((await app.request('/health')).status).toBe(200)
  })
})

test('a refused command never reaches Redis and is no error of ours', async () => {
  const { post, errors } = gateway()
  const response = await post('/', '["subscribe", "channel"]', `Bearer ${TOKEN}`)
  expect(response.status).toBe(400)
  expect(await response.json()).toEqual({ error: "ERR Command is not available: 'SUBSCRIBE'" })
  expect(errors).toEqual([])
})
