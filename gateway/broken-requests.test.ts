import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { httpServerOptions, refusingAmbiguous } from '../shared/http-limits.ts'
import { RawConnection, statusesIn } from '../test/support/raw-http.ts'
import { BrokenRequests } from './broken-requests.ts'

const HOST = 'Host: a\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n'
const GARBAGE = 'garbage\r\n\r\n'
const LONG = 'a'.repeat(20_000)

/** A server that answers `/now` at once, has only begun to answer `/begun`, and answers nothing else. */
async function serverOf(limitMs = 3_600_000) {
  const server = createServer(httpServerOptions({ headersMs: limitMs, requestMs: limitMs }))
  const refused: string[] = []
  const broken = new BrokenRequests(server, (reason) => refused.push(reason))
  const answer = ({ url }: IncomingMessage, response: ServerResponse) => {
    if (url === '/now') response.end('done')
    if (url === '/begun') response.write('begun')
  }
  server.on(
    'request',
    refusingAmbiguous<IncomingMessage, ServerResponse>(answer, (response) => broken.refuse(response)),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const open = () => RawConnection.open((server.address() as AddressInfo).port)
  /** All that comes for this, until the server ends the connection. */
  const send = async (text: string): Promise<string> => {
    const connection = await open()
    connection.send(text)
    return connection.untilClosed()
  }
  return { server, refused, open, send }
}

/** Of the only answer there is. */
function parsed(text: string) {
  const [head = '', ...bodies] = text.split('\r\n\r\n')
  const [status, ...lines] = head.split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(': ') as [string, string]))
  return { status: Number(status?.split(' ')[1]), headers, body: bodies.join('\r\n\r\n') }
}

test.each([
  [400, 'bad-request', GARBAGE, /^ERR malformed HTTP request$/],
  [400, 'bad-request', 'GET /now HTTP/1.1\r\n\r\n', /^ERR malformed HTTP request$/],
  [400, 'bad-request', `GET /now HTTP/1.1\r\n${HOST}Host: b\r\n\r\n`, /^ERR malformed HTTP request$/],
  [417, 'bad-request', `GET /now HTTP/1.1\r\n${HOST}Expect: magic\r\n\r\n`, /^ERR unknown expectation/],
  [431, 'too-large', `GET /${LONG} HTTP/1.1\r\n${HOST}\r\n`, /Limit: 16384 bytes$/],
  [431, 'too-large', `GET /now HTTP/1.1\r\n${HOST}A: ${LONG}\r\n\r\n`, /Limit: 16384 bytes$/],
])(
  'what cannot be handed on is refused with %i (%s), and says so in JSON',
  async (status, reason, text, error) => {
    const { send, refused } = await serverOf()
    const { status: told, headers, body } = parsed(await send(text))
    expect(told).toBe(status)
    expect(headers.get('connection')).toBe('close')
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('content-length')).toBe(String(body.length))
    expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(error) })
    expect(refused).toEqual([reason])
  },
)

test('headers that do not come are 408', async () => {
  const { send, refused } = await serverOf(1)
  const { status, body } = parsed(await send('GET /now HTTP/1.1\r\n'))
  expect([status, JSON.parse(body)]).toEqual([408, { error: 'ERR the request did not arrive in time' }])
  expect(refused).toEqual(['too-slow'])
})

test('a body that is broken while its request is under way is refused, and counted where the request is', async () => {
  const { send, refused } = await serverOf()
  const start = `POST /later HTTP/1.1\r\n${HOST}${CHUNKED}\r\n`
  const malformed = parsed(await send(`${start}zz\r\n`))
  expect([malformed.status, JSON.parse(malformed.body)]).toEqual([
    400,
    { error: 'ERR malformed HTTP request' },
  ])
  const extended = parsed(await send(`${start}2;${LONG}\r\n`))
  expect([extended.status, JSON.parse(extended.body)]).toEqual([
    413,
    { error: 'ERR max size of chunk extensions exceeded. Limit: 16384 bytes' },
  ])
  expect(refused).toEqual([])
})

test('to a HEAD, nothing follows the headers', async () => {
  const { send } = await serverOf()
  const { status, body } = parsed(await send(`HEAD /later HTTP/1.1\r\n${HOST}${CHUNKED}\r\nzz\r\n`))
  expect([status, body]).toEqual([400, ''])
})

test('nothing is written into an answer that has begun', async () => {
  const { open } = await serverOf()
  const connection = await open()
  connection.send(`POST /begun HTTP/1.1\r\n${HOST}${CHUNKED}\r\n`)
  await connection.untilReceived('begun')
  connection.send('zz\r\n')
  expect(await connection.untilClosed()).toMatch(/begun\r\n$/)
})

test.each([
  [200, ''],
  [417, 'Expect: magic\r\n'],
])(
  'a request that was answered with %i before its body broke has no second answer',
  async (status, header) => {
    const { open, refused } = await serverOf()
    const connection = await open()
    connection.send(`POST /now HTTP/1.1\r\n${HOST}${header}${CHUNKED}\r\n`)
    await connection.untilReceived('\r\n\r\n')
    const told = refused.length
    connection.send('zz\r\n')
    expect(statusesIn(await connection.untilClosed())).toEqual([status])
    expect(refused).toHaveLength(told)
  },
)

test('a request that is still to be answered does not get the refusal of the next one', async () => {
  const { send, refused } = await serverOf()
  const first = `GET /later HTTP/1.1\r\n${HOST}\r\n`
  expect(await send(first + GARBAGE)).toBe('')
  expect(await send(`${first}POST /later HTTP/1.1\r\n${HOST}${CHUNKED}\r\nzz\r\n`)).toBe('')
  expect(refused).toEqual([])
})

test('one that has been answered keeps its answer, and the next has its own', async () => {
  const { open, refused } = await serverOf()
  const connection = await open()
  connection.send(`GET /now HTTP/1.1\r\n${HOST}\r\n`)
  await connection.untilReceived('done')
  connection.send(GARBAGE)
  expect(statusesIn(await connection.untilClosed())).toEqual([200, 400])
  expect(refused).toEqual(['bad-request'])
})

test('a client that has gone is told nothing, and is no refusal', async () => {
  const { server, open, refused } = await serverOf()
  const connected = once(server, 'connection')
  const connection = await open()
  const [socket] = (await connected) as [Socket]
  const closed = once(socket, 'close')
  connection.send('GET /')
  await once(socket, 'data')
  socket.destroy()
  server.emit('clientError', Object.assign(new Error('gone'), { code: 'ECONNRESET' }), socket)
  await closed
  expect(await connection.untilClosed()).toBe('')
  expect(refused).toEqual([])
})
