import { once } from 'node:events'
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
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

const BASE64 = { 'Upstash-Encoding': 'base64' }
const MAX_BODY_BYTES = 10 * 1024 * 1024

const TOO_LARGE = {
  status: 413,
  body: { error: `ERR max request size exceeded. Limit: ${MAX_BODY_BYTES} bytes` },
}

const authorized = () => ({ authorization: `Bearer ${gateway.token}` })

async function json(response: Promise<Response>): Promise<unknown> {
  return (await response).json()
}

/** The answer is that error, in JSON, and the gateway still serves. */
async function expectError(answer: Promise<Response>, status: number, error: unknown): Promise<void> {
  const response = await answer
  expect(response.status).toBe(status)
  expect(await response.json()).toEqual({ error })
  expect(await json(gateway.post('/', ['PING']))).toEqual({ result: 'PONG' })
}

const ONE = 'ERR failed to parse command: '
const PIPELINE = 'ERR failed to parse pipeline request: '
const TRANSACTION = 'ERR failed to parse multi-exec request: '

describe('a body that is no command is refused with 400', () => {
  test.each([
    ['/', '["PING"', `${ONE}the body is not JSON`],
    ['/', '', `${ONE}the body is not JSON`],
    ['/', { command: 'PING' }, `${ONE}expected a JSON array`],
    ['/', [], 'ERR empty command'],
    ['/', ['SET', 'key', ['nested']], `${ONE}its arguments must be`],
    ['/', ['SET', 'key', { nested: true }], `${ONE}its arguments must be`],
    ['/', ['SET', 'key', null], `${ONE}its arguments must be`],
    ['/pipeline', 'PING', `${PIPELINE}the body is not JSON`],
    ['/pipeline', {}, `${PIPELINE}expected a JSON array of commands`],
    ['/pipeline', [], 'ERR empty pipeline request'],
    ['/pipeline', ['PING'], `${PIPELINE}each command must be`],
    ['/pipeline', [['PING'], []], `${PIPELINE}each command must be`],
    ['/multi-exec', '[["PING"]', `${TRANSACTION}the body is not JSON`],
    ['/multi-exec', [], 'ERR empty multi-exec request'],
    ['/multi-exec', [['SET', 'key', ['nested']]], `${TRANSACTION}each command must be`],
  ])('%s with %j', async (path, body, error) => {
    await expectError(gateway.post(path, body), 400, expect.stringContaining(error))
  })

  test('and so is one that is no UTF-8', async () => {
    const key = freshKeys()
    const body = Buffer.concat([
      Buffer.from(`["SET", "${key('a')}", "`),
      Buffer.from([0xff]),
      Buffer.from('"]'),
    ])
    const answer = fetch(gateway.url, { method: 'POST', headers: authorized(), body })
    await expectError(answer, 400, `${ONE}the body is not UTF-8`)
    expect(await redis.exists(key('a'))).toBe(0)
  })

  test('a pipeline of 100,000 commands runs none of them', async () => {
    const key = freshKeys()
    const limit = 'ERR max pipeline size exceeded. Limit: 10000 commands, Actual: 100000 commands'
    for (const path of ['/pipeline', '/multi-exec']) {
      await expectError(gateway.post(path, Array(100_000).fill(['INCR', key('n')])), 400, limit)
    }
    expect(await redis.exists(key('n'))).toBe(0)
    const answers = await json(gateway.post('/pipeline', Array(10_000).fill(['INCR', key('n')])))
    expect(answers).toEqual(Array.from({ length: 10_000 }, (_, i) => ({ result: i + 1 })))
  })
})

describe('a command', () => {
  test('that Redis does not know is 400 with the words of Redis', async () => {
    await expectError(gateway.post('/', ['NOSUCH', 'x']), 400, expect.stringMatching(/^ERR unknown command/))
    await expectError(gateway.post('/', ['']), 400, expect.stringMatching(/^ERR unknown command/))
  })

  test('may be written in any case', async () => {
    expect(await json(gateway.post('/', ['pInG']))).toEqual({ result: 'PONG' })
  })

  test.each([
    ['SUBSCRIBE', 'channel'],
    ['multi'],
    ['BLPOP', 'key', 0],
    ['XREAD', 'BLOCK', 0, 'STREAMS', 'key', '$'],
    ['CLIENT', 'REPLY', 'OFF'],
    ['SCRIPT', 'DEBUG', 'YES'],
  ])('that would take the connection from the others is refused: %s %s', async (...command) => {
    const error = expect.stringMatching(/^ERR Command is not available: /)
    await expectError(gateway.post('/', command), 400, error)
    await expectError(gateway.post('/multi-exec', [['PING'], command]), 400, error)
    expect(await json(gateway.post('/pipeline', [['PING'], command, ['ECHO', 'x']]))).toEqual([
      { result: 'PONG' },
      { error },
      { result: 'x' },
    ])
  })

  test('that is refused keeps a whole transaction from running', async () => {
    const key = freshKeys()
    const commands = [['SET', key('a'), 'x'], ['SUBSCRIBE']]
    expect((await gateway.post('/multi-exec', commands)).status).toBe(400)
    expect(await redis.exists(key('a'))).toBe(0)
  })
})

describe('several commands', () => {
  test('in a pipeline fail one by one', async () => {
    const key = freshKeys()
    const commands = [['SET', key('a'), 'x'], ['NOSUCH'], ['GET'], ['GET', key('a')]]
    const response = await gateway.post('/pipeline', commands)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual([
      { result: 'OK' },
      { error: expect.stringMatching(/^ERR unknown command/) },
      { error: expect.stringMatching(/^ERR wrong number of arguments/) },
      { result: 'x' },
    ])
  })

  test('in a transaction fail one by one while they run', async () => {
    const key = freshKeys()
    const commands = [
      ['SET', key('a'), 'x'],
      ['INCR', key('a')],
      ['GET', key('a')],
    ]
    const response = await gateway.post('/multi-exec', commands)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual([
      { result: 'OK' },
      { error: 'ERR value is not an integer or out of range' },
      { result: 'x' },
    ])
  })

  test('in a transaction that Redis cannot queue do nothing at all', async () => {
    const key = freshKeys()
    const commands = [['SET', key('a'), 'x'], ['GET'], ['SET', key('b'), 'x']]
    await expectError(gateway.post('/multi-exec', commands), 400, expect.stringMatching(/^EXECABORT /))
    expect(await redis.exists(key('a'), key('b'))).toBe(0)
  })

  test('in transactions sent at once do not mix, nor do single commands come between', async () => {
    const key = freshKeys()
    const push = (who: string) => ['RPUSH', key('l'), who]
    const who = Array.from({ length: 20 }, (_, i) => `transaction ${i}`)
    const answers = await Promise.all(
      who.flatMap((name) => [
        gateway.post('/multi-exec', Array(40).fill(push(name))),
        gateway.post('/', push('single')),
      ]),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200))
    const list = await redis.lrange(key('l'), 0, -1)
    const changes = list.filter((name, i) => name !== 'single' && name !== list[i - 1])
    expect(changes.toSorted()).toEqual(who.toSorted())
    expect(list).toHaveLength(20 * 40 + 20)
  })
})

describe('binary values', () => {
  const BYTES = Buffer.from(Array.from({ length: 1_024 }, (_, i) => (i * 7) % 256))
  const decoded = (text: unknown) => Buffer.from(text as string, 'base64')

  test('survive in base64, alone, in a pipeline and in a transaction', async () => {
    const key = freshKeys()
    await redis.set(key('a'), BYTES)
    const get = ['GET', key('a')]
    const { result } = (await json(gateway.post('/', get, BASE64))) as { result: string }
    expect(decoded(result)).toEqual(BYTES)
    for (const path of ['/pipeline', '/multi-exec']) {
      const [, second] = (await json(gateway.post(path, [['PING'], get], BASE64))) as { result: string }[]
      expect(decoded(second?.result)).toEqual(BYTES)
    }
  })

  test('survive in the depth of an answer', async () => {
    const key = freshKeys()
    await redis.xadd(key('x'), '1-1', 'field', BYTES)
    const range = ['XRANGE', key('x'), '-', '+']
    const { result } = (await json(gateway.post('/', range, BASE64))) as { result: [string, string[]][] }
    expect(decoded(result[0]?.[1][1])).toEqual(BYTES)
  })
})

describe('a body', () => {
  const body = (key: string, length: number) => {
    const empty = JSON.stringify(['SET', key, '']).length
    return JSON.stringify(['SET', key, 'x'.repeat(length - empty)])
  }

  test('may have 10 MB', async () => {
    const key = freshKeys()
    expect(await json(gateway.post('/', body(key('a'), MAX_BODY_BYTES)))).toEqual({ result: 'OK' })
    expect(await redis.strlen(key('a'))).toBeGreaterThan(MAX_BODY_BYTES - 200)
  })

  test.each(['/', '/pipeline', '/multi-exec'])('may not have one byte more (%s)', async (path) => {
    const key = freshKeys()
    const large = body(key('a'), MAX_BODY_BYTES + 1)
    const answer = await upload(path, { 'content-length': large.length }, [large])
    expect(answer).toEqual(TOO_LARGE)
    expect(await redis.exists(key('a'))).toBe(0)
  })

  test('of 100 MB is refused before it is sent', async () => {
    const large = 100 * 2 ** 20
    expect(await upload('/', { 'content-length': large }, ['['])).toEqual(TOO_LARGE)
  })

  test('of unknown length is counted as it comes', async () => {
    const megabytes = Array<string>(11).fill(' '.repeat(2 ** 20))
    const answer = await upload('/', { 'transfer-encoding': 'chunked' }, megabytes)
    expect(answer).toEqual(TOO_LARGE)
  })
})

/**
 * Not by fetch: the gateway answers before it has read all, and may then close the connection, which fetch would use
 * again. What can't be sent any more after the answer is no failure.
 */
async function upload(
  path: string,
  headers: OutgoingHttpHeaders,
  chunks: string[],
): Promise<{ status: number | undefined; body: unknown }> {
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const sending = request(gateway.url + path, {
    method: 'POST',
    agent,
    headers: { ...authorized(), ...headers },
  })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  for (const chunk of chunks) sending.write(chunk)
  const [answer] = await answered
  sending.on('error', () => {})
  return { status: answer.statusCode, body: JSON.parse(await text(answer)) }
}
