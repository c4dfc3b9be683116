import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { startOwnRedis } from '../support/own-redis.ts'

const READS = 'token-that-only-reads'
const USER = 'token-of-a-redis-user'
const CHANGING = 'token-of-a-user-whose-rights-change'
const DATABASE = 'token-of-database-one'
const SCRIPTS = 'token-of-a-user-that-may-run-scripts-that-read'
const USER_READS = 'token-of-a-user-that-only-reads'

/** As docs/gateway.md has them. */
const READING_SCRIPTS = '+@read -@dangerous +eval_ro +evalsha_ro +fcall_ro +ping +info'

let server: OwnRedis
let redis: Redis
let gateway: TestGateway
let folder: string

/** One Redis, a user `web` in it who may touch `web:*` only, and all kinds of tokens. */
beforeAll(async () => {
  server = await startOwnRedis()
  redis = new Redis(server.url, { protocol: 2 })
  await redis.acl('SETUSER', 'web', 'on', '>password', '~web:*', '+@all', '-multi')
  await redis.acl('SETUSER', 'changing', 'on', '>password', '~web:*', '+@all')
  await redis.acl('SETUSER', 'scripts', 'on', '>password', '~web:*', ...READING_SCRIPTS.split(' '))
  const { host } = new URL(server.url)
  const tokens = [
    { name: 'user', token: USER, redis_url: `redis://web:password@${host}` },
    { name: 'changing', token: CHANGING, redis_url: `redis://changing:password@${host}` },
    { name: 'scripts', token: SCRIPTS, redis_url: `redis://scripts:password@${host}` },
    { name: 'one', token: DATABASE, redis_url: `${server.url}/1` },
    { name: 'user-ro', token: USER_READS, redis_url: `redis://web:password@${host}`, read_only: true },
  ]
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-tokens-'))
  const file = join(folder, 'tokens.json')
  await writeFile(file, JSON.stringify(tokens))
  gateway = await testGateway(server.url, { GATEWAY_READONLY_TOKEN: READS, GATEWAY_TOKENS: file })
})

afterAll(async () => {
  redis.disconnect()
  await gateway.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function run(token: string, command: unknown, path = '/'): Promise<{ status: number; body: unknown }> {
  const response = await gateway.post(path, command, { authorization: `Bearer ${token}` })
  return { status: response.status, body: await response.json() }
}

const noPermission = (name: string) =>
  `NOPERM this user has no permissions to run the '${name}' command or its subcommand`

describe('a token that only reads', () => {
  test.each([
    [['GET', 'a']],
    [['get', 'a']],
    [['EXISTS', 'a']],
    [['TTL', 'a']],
    [['DBSIZE']],
    [['HGETALL', 'h']],
    [['HSCAN', 'h', 0]],
    [['ZRANGE', 'z', 0, -1]],
    [['XRANGE', 'x', '-', '+']],
    [['XREAD', 'STREAMS', 'x', 0]],
    [['XLEN', 'x']],
    [['PFCOUNT', 'p']],
    [['GEOSEARCH', 'g', 'FROMLONLAT', 0, 0, 'BYRADIUS', 1, 'km']],
    [['BITFIELD_RO', 'a', 'GET', 'u8', 0]],
    [['OBJECT', 'ENCODING', 'a']],
    [['MEMORY', 'USAGE', 'a']],
    [['PING']],
    [['ECHO', 'x']],
    [['TIME']],
  ])('may read: %j', async (command) => {
    await redis.set('a', '1')
    const { body } = await run(READS, command)
    expect(body).toHaveProperty('result')
  })

  test.each([
    [['SET', 'a', 'x']],
    [['sEt', 'a', 'x']],
    [['DEL', 'a']],
    [['GETEX', 'a', 'EX', 1]],
    [['GETDEL', 'a']],
    [['SORT', 'l', 'STORE', 'm']],
    [['SORT_RO', 'l', 'BY', 'secret_*']],
    [['BITFIELD', 'a', 'GET', 'u8', 0]],
    [['XGROUP', 'CREATE', 'x', 'g', '$']],
    [['XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', 'x', '>']],
    [['PFADD', 'p', 'x']],
    [['EVAL', 'return 1', 0]],
    [['EVALSHA', 'x', 0]],
    [['EVAL_RO', 'return 1', 0]],
    [['eval_ro', 'return 1', 0]],
    [['EVALSHA_RO', 'x', 0]],
    [['FCALL_RO', 'f', 0]],
    [['FCALL', 'f', 0]],
    [['SCRIPT', 'LOAD', 'return 1']],
    [['FUNCTION', 'FLUSH']],
    [['PUBLISH', 'channel', 'x']],
    [['FLUSHALL']],
    [['SCAN', 0]],
    [['KEYS', '*']],
    [['INFO']],
    [['MEMORY', 'PURGE']],
    [['SLOWLOG', 'GET']],
    [['NOSUCH']],
  ])('may not do more: %j', async (command) => {
    await redis.set('a', '1')
    const error = noPermission(String(command[0]).toLowerCase())
    expect(await run(READS, command)).toEqual({ status: 400, body: { error } })
    const response = await fetch(`${gateway.url}/${command.join('/')}?_token=${READS}`)
    expect({ status: response.status, body: await response.json() }).toEqual({ status: 400, body: { error } })
    expect(await redis.get('a')).toBe('1')
  })

  test('cannot hold up Redis by a script that does not end, on whatever path', async () => {
    // What got through would be ended here, so that the next tests are answered.
    onTestFinished(async () => {
      await redis.script('KILL').catch(() => {})
      await redis.config('SET', 'busy-reply-threshold', '5000')
    })
    await redis.config('SET', 'busy-reply-threshold', '1')
    const endless = ['EVAL_RO', 'while true do end', 0]
    const error = noPermission('eval_ro')
    expect(await run(READS, endless)).toEqual({ status: 400, body: { error } })
    expect(await run(READS, [endless], '/pipeline')).toEqual({ status: 200, body: [{ error }] })
    expect(await run(READS, [endless], '/multi-exec')).toEqual({ status: 400, body: { error } })
    const raw = await gateway.post('/', endless, {
      authorization: `Bearer ${READS}`,
      'upstash-response-format': 'resp2',
    })
    expect(await raw.text()).toBe(`-${error}\r\n`)
    expect(await redis.ping()).toBe('PONG')
  })

  test('in a pipeline is refused what it may not do, and has the rest', async () => {
    await redis.set('a', '1')
    const commands = [
      ['SET', 'a', '2'],
      ['GET', 'a'],
      ['KEYS', '*'],
    ]
    expect(await run(READS, commands, '/pipeline')).toEqual({
      status: 200,
      body: [{ error: noPermission('set') }, { result: '1' }, { error: noPermission('keys') }],
    })
    expect(await run(READS, commands, '/multi-exec')).toEqual({
      status: 400,
      body: { error: noPermission('set') },
    })
    expect(await run(READS, [['GET', 'a']], '/multi-exec')).toEqual({ status: 200, body: [{ result: '1' }] })
  })
})

describe('a token may be', () => {
  test('for a user, who may do what Redis lets him', async () => {
    expect((await run(USER, ['SET', 'web:a', 'x'])).status).toBe(200)
    expect(await run(USER, ['SET', 'a', 'x'])).toEqual({
      status: 400,
      body: { error: expect.stringMatching(/^NOPERM/) },
    })
    expect(await run(USER_READS, ['GET', 'web:a'])).toEqual({ status: 200, body: { result: 'x' } })
    expect(await run(USER_READS, ['SET', 'web:a', 'y'])).toMatchObject({ status: 400 })
  })

  test('for a user who may run scripts, such that only read', async () => {
    await redis.set('web:a', 'x')
    expect(await run(SCRIPTS, ['EVAL_RO', "return redis.call('GET', KEYS[1])", 1, 'web:a'])).toEqual({
      status: 200,
      body: { result: 'x' },
    })
    for (const command of [
      ['SET', 'web:a', 'y'],
      ['EVAL', 'return 1', 0],
      ['EVAL_RO', "return redis.call('SET', KEYS[1], 'y')", 1, 'web:a'],
    ])
      expect((await run(SCRIPTS, command)).status).toBe(400)
    expect(await redis.get('web:a')).toBe('x')
  })

  test('for a user who may not have transactions: then nothing of one is run', async () => {
    await redis.del('web:n')
    const error = expect.stringMatching(/^NOPERM/)
    for (const _ of [1, 2]) {
      expect(await run(USER, [['INCR', 'web:n']], '/multi-exec')).toEqual({ status: 400, body: { error } })
    }
    expect(await redis.exists('web:n')).toBe(0)
  })

  test('for a user who may have no transactions any more: what one did by then is not called discarded', async () => {
    const asHe = async (path: string, command: unknown) => (await run(CHANGING, command, path)).status
    await redis.acl('SETUSER', 'changing', '+multi')
    expect(await asHe('/multi-exec', [['INCR', 'web:n']])).toBe(200)
    await redis.acl('SETUSER', 'changing', '-multi')
    expect(await asHe('/multi-exec', [['INCR', 'web:n']])).toBe(503)
    const before = await redis.get('web:n')
    expect(await asHe('/multi-exec', [['INCR', 'web:n']])).toBe(400)
    expect(await redis.get('web:n')).toBe(before)
  })

  test('for another database', async () => {
    expect((await run(DATABASE, ['SET', 'only-here', 'x'])).status).toBe(200)
    expect(await redis.exists('only-here')).toBe(0)
    expect(await run(DATABASE, ['GET', 'only-here'])).toEqual({ status: 200, body: { result: 'x' } })
    expect(await run(gateway.token, ['GET', 'only-here'])).toEqual({ status: 200, body: { result: null } })
  })
})

test('no token is in a log, be it right or wrong, in a header or a query', async () => {
  const own = await startOwnRedis()
  const other = await testGateway(own.url, { GATEWAY_READONLY_TOKEN: READS, LOG_LEVEL: 'trace' })
  onTestFinished(() => other.close())
  const wrong = 'wrong-token-that-somebody-tried'
  const paths = ['/get/a', '/get/%zz', '/subscribe/,', '/blpop/a/0', '/set/a/x']
  const askAll = async () => {
    for (const token of [other.token, READS, wrong]) {
      const headers = { authorization: `Bearer ${token}` }
      for (const path of paths) {
        await fetch(`${other.url}${path}?_token=${token}`)
        await fetch(`${other.url}${path}`, { headers })
      }
    }
  }
  await askAll()
  await own.stop()
  await askAll()
  const log = await other.log()
  expect(log).toContain('request failed')
  for (const token of [other.token, READS, wrong]) expect(log).not.toContain(token)
})
