import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freshKeys, type TestGateway, testGateway } from '../support/gateway.ts'

let gateway: TestGateway
let redis: Redis

beforeAll(async () => {
  gateway = await testGateway(inject('redisUrl'), { GATEWAY_MAX_ANSWER_BYTES: '100000' })
  redis = new Redis(inject('redisUrl'), { protocol: 2 })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
})

const BASE64 = { 'Upstash-Encoding': 'base64' }
const RESP2 = { 'Upstash-Response-Format': 'resp2' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

async function answer(
  path: string,
  body: unknown,
  headers?: Record<string, string>,
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await gateway.post(path, body, headers)
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

describe('in base64', () => {
  test('all strings are encoded but an OK that is the whole answer', async () => {
    const key = freshKeys()
    const commands = [
      ['SET', key('a'), 'héllo'],
      ['GET', key('a')],
      ['STRLEN', key('a')],
      ['GET', key('none')],
      ['EVAL', "return {'OK', 1, {'x', false}, redis.status_reply('OK'), redis.error_reply('ERR no')}", 0],
      ['INCR', key('a')],
    ]
    const results = [
      { result: 'OK' },
      { result: base64('héllo') },
      { result: 6 },
      { result: null },
      { result: ['T0s=', 1, [base64('x'), null], 'T0s=', base64('ERR no')] },
      { error: 'ERR value is not an integer or out of range' },
    ]
    for (const path of ['/pipeline', '/multi-exec']) {
      const { status, type, text } = await answer(path, commands, BASE64)
      expect({ status, type }).toEqual({ status: 200, type: 'application/json' })
      expect(JSON.parse(text)).toEqual(results)
    }
    for (const [i, command] of commands.entries()) {
      expect(JSON.parse((await answer('/', command, BASE64)).text)).toEqual(results[i])
    }
  })

  test('and nothing else: another encoding is refused', async () => {
    const { status, text } = await answer('/', ['PING'], { 'Upstash-Encoding': 'base32' })
    expect(status).toBe(400)
    expect(JSON.parse(text)).toEqual({ error: 'ERR Upstash-Encoding must be base64, or not be there' })
  })
})

describe('in resp2', () => {
  test('the answer is the bytes of Redis', async () => {
    const key = freshKeys()
    await redis.set(key('bytes'), Buffer.from([0xff, 0, 0x0d, 0x0a]))
    const expected: [unknown[], string | Buffer][] = [
      [['SET', key('ok'), 'OK'], '+OK\r\n'],
      [['GET', key('ok')], '$2\r\nOK\r\n'],
      [['STRLEN', key('ok')], ':2\r\n'],
      [['GET', key('none')], '$-1\r\n'],
      [
        ['GET', key('bytes')],
        Buffer.concat([Buffer.from('$4\r\n'), Buffer.from([0xff, 0, 0x0d, 0x0a, 0x0d, 0x0a])]),
      ],
      [['MGET', key('ok'), key('none')], '*2\r\n$2\r\nOK\r\n$-1\r\n'],
      [['COPY', key('ok'), key('ok')], ':0\r\n'],
      [['INCR', key('ok')], '-ERR value is not an integer or out of range\r\n'],
      [['BLPOP', key('ok'), 0], "-ERR Command is not available: 'BLPOP'\r\n"],
    ]
    for (const [command, bytes] of expected) {
      const response = await gateway.post('/', command, RESP2)
      const body = Buffer.from(await response.arrayBuffer())
      expect(body).toEqual(Buffer.from(bytes))
      expect(response.status).toBe(body[0] === '-'.charCodeAt(0) ? 400 : 200)
      expect(response.headers.get('content-type')).toBe('application/octet-stream')
    }
    const response = await gateway.post(
      '/pipeline',
      expected.map(([command]) => command),
      RESP2,
    )
    expect(response.status).toBe(200)
    const all = Buffer.concat(expected.map(([, bytes]) => Buffer.from(bytes)))
    expect(Buffer.from(await response.arrayBuffer())).toEqual(all)
  })

  test('many at once have each its own', async () => {
    const sizes = Array.from({ length: 40 }, (_, i) => i * 500)
    const texts = await Promise.all(
      sizes.map(async (size) => (await answer('/', ['ECHO', 'x'.repeat(size)], RESP2)).text),
    )
    expect(texts).toEqual(sizes.map((size) => `$${size}\r\n${'x'.repeat(size)}\r\n`))
  })

  test('but not of a transaction, whose answer is JSON', async () => {
    expect(await answer('/multi-exec', [['PING']], RESP2)).toEqual({
      status: 200,
      type: 'application/json',
      text: '[{"result":"PONG"}]',
    })
  })

  test.each([[{ ...RESP2, ...BASE64 }], [{ 'Upstash-Response-Format': 'resp3' }]])(
    'nor with %j, which is refused',
    async (headers) => {
      expect(await answer('/', ['PING'], headers)).toMatchObject({ status: 400, type: 'application/json' })
    },
  )
})

test('the sync token is another one with every answer', async () => {
  const requests: [string, unknown][] = [
    ['/', ['PING']],
    ['/', ['PING']],
    ['/', ['NOSUCH']],
    ['/', 'no JSON'],
    ['/pipeline', [['PING']]],
    ['/multi-exec', [['PING']]],
  ]
  const tokens = new Set<string | null>()
  for (const [path, body] of requests) {
    tokens.add((await gateway.post(path, body)).headers.get('upstash-sync-token'))
  }
  expect(tokens).not.toContain(null)
  expect(tokens.size).toBe(requests.length)
})

test('integers beyond 2^53 survive in both directions, in every form', async () => {
  const key = freshKeys()
  const large = '9007199254740993'
  await redis.set(key('n'), '0')
  expect((await answer('/', `["INCRBY", "${key('n')}", ${large}]`)).text).toBe(`{"result":${large}}`)
  const minimum = '-9223372036854775808'
  const commands = `[["SET", "${key('n')}", ${minimum}], ["DECRBY", "${key('n')}", 0], ["GET", "${key('n')}"]]`
  const text = `[{"result":"OK"},{"result":${minimum}},{"result":"${minimum}"}]`
  for (const path of ['/pipeline', '/multi-exec']) expect((await answer(path, commands)).text).toBe(text)
  const field = `["BITFIELD", "${key('bits')}", "SET", "i64", 0, ${large}, "GET", "i64", 0]`
  expect((await answer('/', field)).text).toBe(`{"result":[0,${large}]}`)
})

describe('where Upstash answers otherwise than Redis', () => {
  test('a key that is copied onto itself is not copied, which is no error', async () => {
    const key = freshKeys()
    await redis.set(key('a'), 'x')
    const copy = ['COPY', key('a'), key('a')]
    expect((await answer('/', copy)).text).toBe('{"result":0}')
    const others = [copy, ['COPY', key('a'), key('b')], ['COPY', key('a')]]
    expect(JSON.parse((await answer('/pipeline', others)).text)).toEqual([
      { result: 0 },
      { result: 1 },
      { error: "ERR wrong number of arguments for 'copy' command" },
    ])
    expect((await answer('/multi-exec', [copy])).text).toBe('[{"result":0}]')
  })

  test('SCAN WITHTYPE tells each key with its type', async () => {
    const key = freshKeys()
    await redis.set(key('string'), 'x')
    await redis.rpush(key('list'), 'x')
    const scan = (...options: unknown[]) => ['SCAN', '0', 'COUNT', 1_000_000, ...options]
    const withTypes = scan('MATCH', key('*'), 'WITHTYPE')
    const typesIn = ({ result: [cursor, flat] }: { result: [string, string[]] }) => {
      expect(cursor).toBe('0')
      return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])))
    }
    const types = new Map([
      [key('string'), 'string'],
      [key('list'), 'list'],
    ])
    expect(typesIn(JSON.parse((await answer('/', withTypes)).text))).toEqual(types)
    for (const path of ['/pipeline', '/multi-exec']) {
      const [pong, scanned] = JSON.parse((await answer(path, [['PING'], withTypes])).text)
      expect(pong).toEqual({ result: 'PONG' })
      expect(typesIn(scanned)).toEqual(types)
    }
    expect((await answer('/', scan('MATCH', 'withtype'))).text).toBe('{"result":["0",[]]}')
    expect((await answer('/', withTypes, RESP2)).text).toMatch(/^\*2\r\n\$1\r\n0\r\n\*4\r\n/)
  })
})

test('an answer that is too large is one error, and the next is well', async () => {
  const key = freshKeys()
  const half = ['SETRANGE', key('a'), 59_999, 'x']
  await gateway.post('/', half)
  const get = ['GET', key('a')]
  const tooLarge = {
    status: 400,
    type: 'application/json',
    text: expect.stringContaining('ERR max request size exceeded. Limit: 100000 bytes'),
  }
  expect(await answer('/pipeline', [get, get, get], BASE64)).toEqual(tooLarge)
  expect(await answer('/multi-exec', [get, get], BASE64)).toEqual(tooLarge)
  expect(await answer('/pipeline', [get, get], RESP2)).toEqual(tooLarge)
  expect(await answer('/', ['MGET', key('a'), key('a')], BASE64)).toEqual(tooLarge)
  expect((await answer('/', get, BASE64)).status).toBe(200)
})
