import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { type TestGateway, testGateway } from '../support/gateway.ts'
import { processEnv } from '../support/process-env.ts'
import { RawConnection, statusesIn } from '../support/raw-http.ts'
import { redisUrlOf } from '../support/redis-users.ts'

/** A limit that no test lives to see. */
const LONG = '3600'

let folder: string
let gateway: TestGateway
let edge: NodeService
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-slow-'))
  gateway = await testGateway(redisUrlOf('edge'), {
    GATEWAY_HEADERS_SECONDS: '1',
    GATEWAY_REQUEST_SECONDS: LONG,
  })
  edge = await startEdge({ HEADERS_SECONDS: '1', MAX_UPLOAD_SECONDS: '1', MAX_UPLOAD_WAIT_SECONDS: LONG })
})
afterAll(async () => {
  await edge?.stop()
  await gateway?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

function startEdge(settings: Record<string, string>): Promise<NodeService> {
  const redis = { UPSTASH_REDIS_REST_URL: gateway.url, UPSTASH_REDIS_REST_TOKEN: gateway.token }
  const env = {
    ...processEnv(),
    ...redis,
    PORT: '0',
    ALLOW_ANONYMOUS: 'true',
    KEY_PREFIX: 'test:slow:',
    ...settings,
  }
  return startService({ name: 'edge', entry: 'edge/node.ts', folder, env })
}

const portOf = (url: unknown) => Number(new URL(String(url)).port)
const SERVERS = { gateway: () => portOf(gateway.url), 'edge on Node': () => portOf(edge.ready.url) }

/** Sends the beginning of a request, and then a piece over and over. Gives what came until it was cut off. */
async function dripped(port: number, beginning: string, piece?: string): Promise<string> {
  const connection = await RawConnection.open(port)
  connection.send(beginning)
  if (piece !== undefined) connection.drip(piece)
  return connection.untilClosed()
}

/** Clients that take their time, all at once: what each was told. */
async function toldAll(clients: Record<string, Promise<string>>): Promise<Record<string, number[]>> {
  const told = Object.entries(clients).map(
    async ([name, answer]) => [name, statusesIn(await answer)] as const,
  )
  return Object.fromEntries(await Promise.all(told))
}

const LENGTH = 'Content-Length: 100000\r\n\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'
const CHUNK = '1\r\n[\r\n'

test.each(Object.entries(SERVERS))('%s cuts off with 408 who never ends his headers', async (_, port) => {
  const told = await toldAll({
    nothing: dripped(port(), ''),
    'line ends': dripped(port(), '\r\n\r\n', '\r\n'),
    'a request line': dripped(port(), 'GET /', 'a'),
    headers: dripped(port(), 'GET /health HTTP/1.1\r\nHost: a\r\n', 'A: b\r\n'),
  })
  expect(told).toEqual({ nothing: [408], 'line ends': [408], 'a request line': [408], headers: [408] })
})

describe('a body that comes byte by byte', () => {
  test('ends the request to the gateway with 408, and without the token at once', async () => {
    const hasty = await testGateway(redisUrlOf('edge'), { GATEWAY_REQUEST_SECONDS: '1' })
    onTestFinished(() => hasty.close())
    const port = portOf(hasty.url)
    const start = `POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${hasty.token}\r\n`
    const told = await toldAll({
      length: dripped(port, start + LENGTH, '['),
      chunks: dripped(port, start + CHUNKED, CHUNK),
      stranger: dripped(port, `POST / HTTP/1.1\r\nHost: a\r\n${LENGTH}`, '['),
    })
    expect(told).toEqual({ length: [408], chunks: [408], stranger: [401] })
  })

  test('is answered by the edge, and then ends; also where nobody wants it', async () => {
    const [port, start] = [SERVERS['edge on Node'](), 'POST /predict HTTP/1.1\r\nHost: a\r\n']
    const length = dripped(port, start + LENGTH, '[')
    const told = await toldAll({
      length,
      chunks: dripped(port, start + CHUNKED, CHUNK),
      nowhere: dripped(port, `POST /nowhere HTTP/1.1\r\nHost: a\r\n${LENGTH}`, '['),
    })
    expect(told).toEqual({ length: [408], chunks: [408], nowhere: [404] })
    expect(await length).toContain('"code":"upload-too-slow"')
  })
})

describe('connections beyond what may be open', () => {
  const REQUEST = 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'

  /** A connection that is served, once there is room. */
  async function served(port: number): Promise<RawConnection> {
    for (;;) {
      const connection = await RawConnection.open(port)
      connection.send(REQUEST)
      if (!(await connection.untilReceived('\r\n\r\n')).includes(' 200 ')) continue
      // In the middle of a request it is not idle.
      connection.send('GET /')
      return connection
    }
  }

  async function holdsTo(port: number, count: number): Promise<void> {
    const open = []
    for (let i = 0; i < count; i++) open.push(await served(port))
    const further = await RawConnection.open(port)
    further.send(REQUEST)
    expect(await further.untilClosed()).toBe('')
    await open[0]?.leave()
    await served(port)
  }

  test('of the gateway, those of /subscribe included, are cut off until one has gone', async () => {
    const slow = { GATEWAY_HEADERS_SECONDS: LONG, GATEWAY_REQUEST_SECONDS: LONG }
    const limits = { ...slow, GATEWAY_MAX_SUBSCRIPTIONS: '1', GATEWAY_MAX_CONNECTIONS: '2' }
    const small = await testGateway(redisUrlOf('edge'), limits)
    onTestFinished(() => small.close())
    await holdsTo(portOf(small.url), 3)
  })

  test('of the edge on Node are cut off until one has gone', async () => {
    const small = await startEdge({
      MAX_CONNECTIONS: '3',
      HEADERS_SECONDS: '3600',
      MAX_UPLOAD_SECONDS: '3600',
    })
    onTestFinished(() => small.stop())
    await holdsTo(portOf(small.ready.url), 3)
  })
})
