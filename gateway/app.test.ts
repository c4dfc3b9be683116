import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { Access } from './access.ts'
import { createGateway } from './app.ts'
import { healthRoutes } from './health.ts'
import { Monitor } from './monitor.ts'
import { OpenStreams } from './open-streams.ts'
import { connectGatewayRedis, GatewayRedis } from './redis.ts'
import { RestCommands } from './rest-commands.ts'
import { Subscriptions } from './subscriptions.ts'
import { TokenShares } from './token-shares.ts'
import { UnreadAnswers } from './unread-answers.ts'

const TOKEN = 'correct-horse-battery-staple'

/** The gateway with a Redis connection that was never opened: what gets past the door answers 503. */
async function gateway() {
  const errors: Error[] = []
  const connection = connectGatewayRedis('redis://127.0.0.1:1')
  onTestFinished(() => connection.disconnect())
  const redis = new GatewayRedis(connection)
  const server = {
    redis,
    subscriptions: new Subscriptions(connection),
    monitor: new Monitor(() => connection),
  }
  const bytes = { max: 1_000, perToken: 1_000 }
  const limits = { maxPipeline: 10, maxAnswerBytes: 1_000 }
  const app = createGateway({
    access: new Access([{ token: TOKEN, caller: { name: 'default', readOnly: false, ...server } }]),
    commands: new RestCommands(
      limits,
      new TokenShares(bytes, systemClock),
      new UnreadAnswers(bytes, [redis], systemClock),
    ),
    streams: new OpenStreams({ max: 10, maxPerToken: 10, clock: systemClock }),
    allowMonitor: true,
    health: healthRoutes({ isStopping: () => false, pingRedis: async () => {}, clock: systemClock }),
    observation: { refused: () => {}, failed: (error) => errors.push(error) },
  })
  const listening = createServer(getRequestListener(app.fetch, { hostname: '127.0.0.1' })).listen(
    0,
    '127.0.0.1',
  )
  onTestFinished(() => void listening.close())
  await once(listening, 'listening')
  const { port } = listening.address() as AddressInfo
  const send = async (method: string, path: string, body?: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization }
    const sending = request({ port, method, path, headers }).end(body)
    const [answer] = await once(sending, 'response')
    const content = await text(answer)
    return { status: answer.statusCode, body: content === '' ? '' : JSON.parse(content) }
  }
  return { errors, send }
}

const PATHS = ['/', '/pipeline', '/multi-exec', '/subscribe/channel', '/get/key', '/get/key?_token=wrong']

describe('a request gets in only with the token', () => {
  test.each([
    ['none', undefined],
    ['an empty header', ''],
    ['no token', 'Bearer '],
    ['a wrong token', 'Bearer incorrect-horse-battery-staple'],
    ['the token under another scheme', `Basic ${TOKEN}`],
  ])('%s: 401, on every path', async (_, authorization) => {
    const { send, errors } = await gateway()
    for (const path of PATHS) {
      const { status, body } = await send('POST', path, '["PING"]', authorization)
      expect(status).toBe(401)
      expect(body).toEqual({ error: 'WRONGPASS invalid or missing auth token' })
    }
    expect(errors).toEqual([])
  })

  test.each([
    ['POST', '/', '["PING"]'],
    ['POST', '/pipeline', '[["PING"]]'],
    ['POST', '/multi-exec', '[["PING"]]'],
    ['POST', '/subscribe/channel', '[]'],
    ['GET', '/get/key', undefined],
    ['PUT', '/set/key', 'value'],
  ])('the token: past the door, to a Redis that is not there (%s %s)', async (method, path, body) => {
    const { send, errors } = await gateway()
    const away = { status: 503, body: { error: 'ERR Redis cannot be reached' } }
    expect(await send(method, path, body, `Bearer ${TOKEN}`)).toEqual(away)
    expect(await send(method, `${path}?_token=${TOKEN}`, body)).toEqual(away)
    expect(errors.map(({ name }) => name)).toEqual(['RedisAway', 'RedisAway'])
  })

  test('only the health check needs no token', async () => {
    const { send } = await gateway()
    expect((await send('HEAD', '/health')).status).toBe(200)
  })
})

test.each([
  ['POST', '/', '["subscribe", "channel"]'],
  ['GET', '/psync/a/b', undefined],
  ['POST', '/multi-exec', '[["PING"], ["monitor"]]'],
])('a refused command never reaches Redis and is no error of ours (%s %s)', async (method, path, body) => {
  const { send, errors } = await gateway()
  const answer = await send(method, path, body, `Bearer ${TOKEN}`)
  expect(answer.status).toBe(400)
  expect(answer.body.error).toMatch(/^ERR Command is not available: /)
  expect(errors).toEqual([])
})

test.each(['DELETE', 'PATCH', 'OPTIONS', 'QUERY'])('%s is 405', async (method) => {
  const { send } = await gateway()
  const error = 'ERR method not allowed: GET, HEAD, POST, PUT'
  expect(await send(method, '/get/key', undefined, `Bearer ${TOKEN}`)).toEqual({
    status: 405,
    body: { error },
  })
})
