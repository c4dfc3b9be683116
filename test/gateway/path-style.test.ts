import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freshKeys, type TestGateway, testGateway } from '../support/gateway.ts'

let gateway: TestGateway
let redis: Redis

beforeAll(async () => {
  gateway = await testGateway(inject('redisUrl'))
  redis = new Redis(inject('redisUrl'), { protocol: 2 })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
})

const authorized = () => ({ authorization: `Bearer ${gateway.token}` })

async function send(
  path: string,
  method = 'GET',
  body?: Uint8Array<ArrayBuffer> | string,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(gateway.url + path, { method, headers: authorized(), ...(body && { body }) })
  return { status: response.status, body: await response.json() }
}

const ok = (result: unknown) => ({ status: 200, body: { result } })

describe('a path is a command', () => {
  test.each(['GET', 'POST', 'PUT'])('by %s', async (method) => {
    const key = freshKeys()
    expect(await send(`/set/${key('a')}/bar/EX/100`, method)).toEqual(ok('OK'))
    expect(await send(`/get/${key('a')}`, method)).toEqual(ok('bar'))
    expect(await redis.ttl(key('a'))).toBeGreaterThan(90)
  })

  test('by HEAD, which runs it and has no body', async () => {
    const key = freshKeys()
    const response = await fetch(`${gateway.url}/incr/${key('n')}`, { method: 'HEAD', headers: authorized() })
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: '' })
    expect(await redis.get(key('n'))).toBe('1')
  })

  test('with the token in the query, which is no argument', async () => {
    const key = freshKeys()
    const response = await fetch(`${gateway.url}/set/${key('a')}/bar?_token=${gateway.token}&EX=100&GET`)
    expect(await response.json()).toEqual({ result: null })
    expect(await redis.get(key('a'))).toBe('bar')
  })

  test('whose error is 400', async () => {
    const key = freshKeys()
    const error = "ERR wrong number of arguments for 'get' command"
    expect(await send('/get')).toEqual({ status: 400, body: { error } })
    expect(await send(`/incr/${key('a')}/x`)).toMatchObject({ status: 400 })
    expect(await send('/no-such-path')).toEqual({
      status: 400,
      body: { error: expect.stringMatching(/^ERR unknown command 'NO-SUCH-PATH'/) },
    })
    expect(await send('/blpop/key/0')).toEqual({
      status: 400,
      body: { error: "ERR Command is not available: 'BLPOP'" },
    })
    expect(await send('/subscribe', 'POST')).toMatchObject({ status: 400 })
    expect(await send('/')).toMatchObject({ status: 400 })
  })
})

describe('segments', () => {
  test('are decoded, slashes, empty ones and bytes that are no UTF-8 included', async () => {
    const key = freshKeys()
    await redis.hset(key('h'), 'a/b?c', 'one', '', 'two', Buffer.from([0xff, 0]), 'three', '..', 'four')
    expect(await written(`/hmget/${key('h')}/a%2Fb%3Fc//%ff%00/..`)).toEqual(
      ok(['one', 'two', 'three', 'four']),
    )
  })

  test('that are not percent-encoded are refused', async () => {
    const error = 'ERR the path or the query is not percent-encoded'
    expect(await written('/get/%zz')).toEqual({ status: 400, body: { error } })
    expect(await written('/get/%')).toEqual({ status: 400, body: { error } })
  })
})

/** Not by fetch, which would change the path. */
async function written(path: string): Promise<unknown> {
  const sending = request(gateway.url, { path, headers: authorized() }).end()
  return new Promise((resolve, reject) => {
    sending.on('error', reject)
    sending.on('response', async (answer) =>
      resolve({ status: answer.statusCode, body: JSON.parse(await text(answer)) }),
    )
  })
}

describe('a body', () => {
  const BYTES = Buffer.from(Array.from({ length: 1_024 }, (_, i) => (i * 7) % 256))

  test.each(['POST', 'PUT'])('is the last argument, byte by byte, before the query (%s)', async (method) => {
    const key = freshKeys()
    expect(await send(`/set/${key('a')}?EX=100`, method, BYTES)).toEqual(ok('OK'))
    expect(await redis.getBuffer(key('a'))).toEqual(BYTES)
    expect(await redis.ttl(key('a'))).toBeGreaterThan(90)
  })

  test('that is JSON is a value like any other', async () => {
    const key = freshKeys()
    await send(`/set/${key('a')}`, 'POST', '["GET", "x"]')
    expect(await redis.get(key('a'))).toBe('["GET", "x"]')
  })

  test('may be an argument of a script', async () => {
    const key = freshKeys()
    const script = encodeURIComponent("return redis.call('SET', KEYS[1], ARGV[1])")
    expect(await send(`/eval/${script}/1/${key('a')}`, 'POST', BYTES)).toEqual(ok('OK'))
    const sha = await redis.script('LOAD', 'return ARGV[1]')
    expect(await send(`/evalsha/${sha}/0`, 'POST', 'value')).toEqual(ok('value'))
    expect(await redis.getBuffer(key('a'))).toEqual(BYTES)
  })

  test('that is empty is no argument', async () => {
    expect(await send('/echo/hello', 'POST', '')).toEqual(ok('hello'))
    expect(await send('/set/key', 'POST')).toMatchObject({ status: 400 })
  })
})
