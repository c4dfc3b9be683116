import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { systemClock } from '../../shared/clock.ts'
import { type HealthServer, startHealthServer } from '../../worker-pool/observe/health-server.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { processEnv } from '../support/process-env.ts'
import { statusesOf } from '../support/raw-http.ts'

/** What Node would do by default is ours to say. */
const LENIENT = { NODE_OPTIONS: '--insecure-http-parser --max-http-header-size=1000000' }

let folder: string
let gateway: TestGateway
let edge: NodeService
let health: HealthServer
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-smuggling-'))
  gateway = await testGateway(inject('redisUrl'), LENIENT)
  const redis = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token }
  const env = { ...processEnv(), ...LENIENT, ...redis, PORT: '0', ALLOW_ANONYMOUS: 'true' }
  edge = await startService({ name: 'edge', entry: 'edge/node.ts', folder, env })
  health = await startHealthServer(
    {
      phase: () => 'serving',
      stuckFor: () => 0,
      pingRedis: async () => {},
      metrics: { contentType: 'text/plain', metrics: async () => '' },
    },
    { host: '127.0.0.1', port: 0, stuckLimitMs: 1_000, clock: systemClock },
  )
})
afterAll(async () => {
  await health?.close()
  await edge?.stop()
  await gateway?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const SERVERS = {
  gateway: () => Number(new URL(gateway.url).port),
  'edge on Node': () => Number(new URL(String(edge.ready.url)).port),
  'health of a pool': () => health.port,
}

/** What every request has: where it goes, and the right to. */
const head = () => `Host: a\r\nAuthorization: Bearer ${gateway.token}\r\n`
/** Would be answered, if what is before it were taken to end there. */
const smuggled = () => `GET /health HTTP/1.1\r\n${head()}Connection: close\r\n\r\n`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const LAST_CHUNK = '0\r\n\r\n'

/** Requests that two servers may take to end at different places, or to be for different hosts; all before the smuggled one. */
const AMBIGUOUS: Record<string, () => string> = {
  'a length beside chunks': () =>
    `POST / HTTP/1.1\r\n${head()}Content-Length: 5\r\n${CHUNKED}\r\n${LAST_CHUNK}`,
  'chunks beside a length': () =>
    `POST / HTTP/1.1\r\n${head()}${CHUNKED}Content-Length: 5\r\n\r\n${LAST_CHUNK}`,
  'two lengths': () => `POST / HTTP/1.1\r\n${head()}Content-Length: 2\r\nContent-Length: 0\r\n\r\n[]`,
  'the same length twice': () =>
    `POST / HTTP/1.1\r\n${head()}Content-Length: 2\r\nContent-Length: 2\r\n\r\n[]`,
  'a list of lengths': () => `POST / HTTP/1.1\r\n${head()}Content-Length: 2, 2\r\n\r\n[]`,
  'a length with a sign': () => `POST / HTTP/1.1\r\n${head()}Content-Length: +2\r\n\r\n[]`,
  'a length below 0': () => `POST / HTTP/1.1\r\n${head()}Content-Length: -2\r\n\r\n[]`,
  'a length in hex': () => `POST / HTTP/1.1\r\n${head()}Content-Length: 0x2\r\n\r\n[]`,
  'a length beyond 64 bits': () =>
    `POST / HTTP/1.1\r\n${head()}Content-Length: 18446744073709551618\r\n\r\n[]`,
  'a space behind the name': () => `POST / HTTP/1.1\r\n${head()}Content-Length : 2\r\n\r\n[]`,
  'an unknown coding': () => `POST / HTTP/1.1\r\n${head()}Transfer-Encoding: xchunked\r\n\r\n${LAST_CHUNK}`,
  'chunks that are not last': () =>
    `POST / HTTP/1.1\r\n${head()}Transfer-Encoding: chunked, identity\r\n\r\n${LAST_CHUNK}`,
  'a coding before chunks': () =>
    `POST / HTTP/1.1\r\n${head()}Transfer-Encoding: gzip, chunked\r\n\r\n${LAST_CHUNK}`,
  'two codings': () =>
    `POST / HTTP/1.1\r\n${head()}${CHUNKED}Transfer-Encoding: identity\r\n\r\n${LAST_CHUNK}`,
  'a coding behind a vertical tab': () =>
    `POST / HTTP/1.1\r\n${head()}Transfer-Encoding:\x0bchunked\r\n\r\n${LAST_CHUNK}`,
  'chunks in HTTP/1.0': () =>
    `POST / HTTP/1.0\r\n${head()}Connection: keep-alive\r\n${CHUNKED}\r\n${LAST_CHUNK}`,
  'a folded header': () => `GET /health HTTP/1.1\r\n${head()}X-A: a\r\n b\r\n\r\n`,
  'a folded coding': () => `POST / HTTP/1.1\r\n${head()}Transfer-Encoding:\r\n chunked\r\n\r\n${LAST_CHUNK}`,
  'bare line feeds': () => 'GET /health HTTP/1.1\nHost: a\n\n',
  'one bare line feed': () => `GET /health HTTP/1.1\r\n${head()}X-A: a\nX-B: b\r\n\r\n`,
  'a bare carriage return': () => `GET /health HTTP/1.1\r\n${head()}X-A: a\rX-B: b\r\n\r\n`,
  'a NUL in a header': () => `GET /health HTTP/1.1\r\n${head()}X-A: a\0b\r\n\r\n`,
  'a space in the name of a header': () => `GET /health HTTP/1.1\r\n${head()}X A: a\r\n\r\n`,
  'no host': () => 'GET /health HTTP/1.1\r\n\r\n',
  'two hosts': () => `GET /health HTTP/1.1\r\nHost: b\r\n${head()}\r\n`,
  'another host in the request line': () => `GET http://b/health HTTP/1.1\r\n${head()}\r\n`,
  'HTTP/0.9': () => 'GET /health\r\n\r\n',
  'HTTP/1.2': () => `GET /health HTTP/1.2\r\n${head()}\r\n`,
  'the beginning of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a method in small letters': () => `get /health HTTP/1.1\r\n${head()}\r\n`,
}

/** Bodies in chunks whose end is not where they say. */
const CHUNKS: Record<string, string> = {
  'a size beyond 64 bits': `FFFFFFFFFFFFFFFFF\r\n[]\r\n${LAST_CHUNK}`,
  'a size with something behind it': `2x\r\n[]\r\n${LAST_CHUNK}`,
  'a size with 0x': `0x2\r\n[]\r\n${LAST_CHUNK}`,
  'a size below 0': `-2\r\n[]\r\n${LAST_CHUNK}`,
  'a size before a bare line feed': `2\n[]\r\n${LAST_CHUNK}`,
  'an extension before a bare line feed': `2;a\n[]\r\n${LAST_CHUNK}`,
  'data without their end': `2\r\n[]${LAST_CHUNK}`,
  'data that go on': `2\r\n[][]\r\n${LAST_CHUNK}`,
}

describe.each(Object.entries(SERVERS))('%s', (_, port) => {
  test.each(Object.entries(AMBIGUOUS))(
    '%s: refused with 400, and nothing behind it is taken for a request',
    async (_, request) => {
      expect(await statusesOf(port(), request() + smuggled())).toEqual([400])
    },
  )

  test.each(Object.entries(CHUNKS))(
    'chunks of %s: nothing behind them is taken for a request',
    async (_, body) => {
      const request = `POST / HTTP/1.1\r\n${head()}${CHUNKED}\r\n`
      expect(await statusesOf(port(), request + body + smuggled())).not.toContain(200)
    },
  )

  test.each([
    ['extension of a chunk', 413, `POST / HTTP/1.1\r\n@${CHUNKED}\r\n2;${'a'.repeat(20_000)}\r\n`],
    ['trailer', 431, `POST / HTTP/1.1\r\n@${CHUNKED}\r\n0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['header', 431, `GET /health HTTP/1.1\r\n@X: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['request line', 431, `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n@\r\n`],
    ['list of headers', 431, `GET /health HTTP/1.1\r\n@${'a: b\r\n'.repeat(3_000)}\r\n`],
  ])('a %s beyond 16 KiB: %i', async (_, status, text) => {
    expect(await statusesOf(port(), text.replace('@', head()) + smuggled())).toEqual([status])
  })

  test('the same host in the request line is none that differs', async () => {
    const request = `GET http://a/health HTTP/1.1\r\n${head()}Connection: close\r\n\r\n`
    expect(await statusesOf(port(), request)).not.toEqual([400])
  })

  test('two requests one after the other are two, whose bodies are their own', async () => {
    const first = `GET /health HTTP/1.1\r\n${head()}Content-Length: 4\r\n\r\nGET `
    expect(await statusesOf(port(), first + smuggled())).toHaveLength(2)
  })
})

test('two tokens are none', async () => {
  const two = `POST / HTTP/1.1\r\n${head()}Authorization: Bearer other\r\nConnection: close\r\nContent-Length: 8\r\n\r\n["PING"]`
  expect(await statusesOf(SERVERS.gateway(), two)).toEqual([401])
})

test('a token in a trailer is none', async () => {
  const trailer = `Authorization: Bearer ${gateway.token}\r\n`
  const request = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTrailer: Authorization\r\n${CHUNKED}\r\n8\r\n["PING"]\r\n0\r\n${trailer}\r\n`
  expect(await statusesOf(SERVERS.gateway(), request)).toEqual([401])
})
