import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { type ApiKeyRecord, apiKeyDigest, parseApiKey, parseApiKeyRecord } from '../../shared/api-key.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { edgebatch, ONE_LINE } from '../support/edgebatch-process.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { redisUrlOf } from '../support/redis-users.ts'

/** `edgebatch keys ...` as a process with this environment and no other. */
const keys = (env: Record<string, string>, ...args: string[]) => edgebatch(env, 'keys', ...args)

let redis: Redis
let gateway: TestGateway
beforeAll(async () => {
  redis = new Redis(inject('redisUrl'), { protocol: 2 })
  gateway = await testGateway(redisUrlOf('admin'))
})
afterAll(async () => {
  redis.disconnect()
  await gateway.close()
})

describe.each([
  ['TCP', () => ({ REDIS_URL: redisUrlOf('admin') })],
  ['REST', () => ({ UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token })],
] as const)('over %s', (_, address) => {
  /** A registry of its own; `stored` is what Redis holds. */
  function registry() {
    const redisKeys = new RedisKeys(`test:${crypto.randomUUID()}:`)
    const env = { ...address(), KEY_PREFIX: redisKeys.prefix }
    return {
      hash: redisKeys.apiKeys(),
      keys: (...args: string[]) => keys(env, ...args),
      stored: () => redis.hgetall(redisKeys.apiKeys()),
    }
  }

  test('a key is made, printed alone, and stored only as its digest, with what it may do', async () => {
    const { keys, stored, hash } = registry()
    const flags = [
      '--models',
      'a,b',
      '--priorities',
      'high',
      '--rate',
      '100/60s',
      '--expires',
      '1d',
      '--admin',
    ]
    const { code, stdout, stderr } = await keys('create', '--name', 'Kamera „7“', ...flags)
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(ONE_LINE) })
    const token = stdout.trimEnd()
    expect(stdout).toBe(`${token}\n`)
    const { id = '', secret = '' } = parseApiKey(token) ?? {}
    expect(stderr).toContain(`key ${id} is in ${hash} in Redis at `)
    const all = await stored()
    expect(JSON.stringify(all) + stderr).not.toContain(secret)
    const record = parseApiKeyRecord(all[id] ?? '') as ApiKeyRecord
    expect(record).toMatchObject({
      ...{ id, name: 'Kamera „7“', sha256: await apiKeyDigest(token), models: ['a', 'b'], admin: true },
      ...{ priorities: ['high'], rate: { limit: 100, window_seconds: 60 } },
    })
    expect(Date.parse(record.expires_at ?? '') - Date.parse(record.created_at)).toBe(86_400_000)
    expect(await redis.ttl(hash)).toBe(-1)
  })

  test('keys are listed for people and for programs, without their digests, and one that is damaged is told', async () => {
    const { keys, stored, hash } = registry()
    for (const name of ['first', 'second']) await keys('create', '--name', name)
    await redis.hset(hash, 'damagedxxxxx', '{')
    const table = await keys('list')
    expect(table).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ID .*\n.* first .*\n.* second .*\n$/),
    })
    expect(table.stderr).toMatch(/^edgebatch: the record of damagedxxxxx cannot be read[^\n]*\n$/)
    const json = await keys('list', '--json')
    const listed = JSON.parse(json.stdout) as Record<string, unknown>[]
    expect(listed.map(({ name }) => name)).toEqual(['first', 'second'])
    for (const record of Object.values(await stored()).flatMap((text) => parseApiKeyRecord(text) ?? []))
      expect(table.stdout + json.stdout).not.toContain(record.sha256)
  })

  test('a key is revoked by its id, or by itself', async () => {
    const { keys, stored } = registry()
    const tokens = await Promise.all([keys('create'), keys('create')])
    const [first = '', second = ''] = tokens.map(({ stdout }) => stdout.trimEnd())
    expect((await keys('revoke', parseApiKey(first)?.id ?? '')).code).toBe(0)
    expect(Object.keys(await stored())).toEqual([parseApiKey(second)?.id])
    const { code, stderr } = await keys('revoke', second)
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(ONE_LINE) })
    expect(stderr).not.toContain(second)
    expect(await stored()).toEqual({})
  })

  test('where there are none, nothing is listed, and an unknown one cannot be revoked', async () => {
    const { keys } = registry()
    const none = { code: 0, stderr: expect.stringMatching(/^edgebatch: there are no keys in [^\n]*\n$/) }
    expect(await keys('list')).toEqual({ ...none, stdout: '' })
    expect(await keys('list', '--json')).toEqual({ ...none, stdout: '[]\n' })
    const unknown = /^edgebatch: there is no key abcdefghijkl in [^\n]*\n$/
    expect(await keys('revoke', 'abcdefghijkl')).toEqual({
      ...{ code: 1, stdout: '', stderr: expect.stringMatching(unknown) },
    })
  })

  test('what Redis refuses is told in one line, without what was sent', async () => {
    const { keys, hash } = registry()
    await redis.set(hash, 'no hash')
    const { code, stdout, stderr } = await keys('create')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^edgebatch: Redis at \S+ refuses: WRONGTYPE [^\n{]*\n$/)
    await redis.del(hash)
  })
})

test.each<[what: string, code: number, args: string[], env: () => Record<string, string>, message: RegExp]>([
  [
    'no Redis',
    2,
    ['list'],
    () => ({}),
    /Set REDIS_URL \(npm start prints it\), or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN/,
  ],
  [
    'half of an address',
    2,
    ['list'],
    () => ({ UPSTASH_REDIS_REST_URL: gateway.url }),
    /UPSTASH_REDIS_REST_TOKEN/,
  ],
  ['an address that is none', 2, ['list'], () => ({ REDIS_URL: 'localhost' }), /REDIS_URL: must be a redis:/],
  [
    'a Redis that is away',
    75,
    ['create'],
    () => ({ REDIS_URL: 'redis://127.0.0.1:1' }),
    /cannot reach Redis at 127\.0\.0\.1:1: .*; start Redis, or correct REDIS_URL/,
  ],
  [
    'a gateway that is away',
    75,
    ['create'],
    () => ({ UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', UPSTASH_REDIS_REST_TOKEN: 'hidden-token' }),
    /cannot reach Redis at 127\.0\.0\.1:1: .*; start the gateway, or correct UPSTASH_REDIS_REST_URL/,
  ],
  [
    'a wrong token',
    1,
    ['list'],
    () => ({ UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: 'hidden-token' }),
    /does not take this UPSTASH_REDIS_REST_TOKEN/,
  ],
  ['a wrong flag', 2, ['create', '--rate', 'much'], () => ({}), /--rate must be jobs/],
  ['an unknown flag', 2, ['create', '--model', 'a'], () => ({}), /there is no flag --model;/],
  ['no id', 2, ['revoke'], () => ({}), /which key\?/],
  ['a part of a key', 2, ['revoke', 'eb_abcdefghijkl_hidden-token'], () => ({}), /that is no id of a key/],
])('%s is one clear line', async (_, expected, args, env, message) => {
  const { code, stdout, stderr } = await keys(env(), ...args)
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' })
  expect(stderr).toMatch(ONE_LINE)
  expect(stderr).toMatch(message)
  expect(stderr).not.toContain('hidden-token')
})

test('an address where something else answers is one clear line', async () => {
  const site = createServer((_, response) => void response.end('<html>')).listen(0, '127.0.0.1')
  onTestFinished(() => void site.close())
  await once(site, 'listening')
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  const env = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: 'hidden-token' }
  const { code, stderr } = await keys(env, 'list')
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(ONE_LINE) })
  expect(stderr).toContain('is no Redis over REST (HTTP 200)')
})
