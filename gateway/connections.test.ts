import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { closeServer } from '../shared/close-server.ts'
import { Connections } from './connections.ts'

/** More than the buffers of two sockets take. */
const LARGE = Buffer.alloc(64 * 1024 * 1024)
const UNREAD_MS = 100
/** So long that the test would fail by its own time limit first. */
const NEVER_MS = 3_600_000

async function serverOf() {
  const asked: ((response: ServerResponse) => void)[] = []
  const responses: ServerResponse[] = []
  const server = createServer((_, response) => {
    const next = asked.shift()
    if (next) next(response)
    else responses.push(response)
  })
  const connections = new Connections(server)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.closeAllConnections())
  /** Resolves with the server's side of a request that reads nothing of its answer, or all of it. */
  const ask = async (reads: boolean): Promise<{ client: Socket; response: ServerResponse }> => {
    const arrived = responses.shift() ?? new Promise<ServerResponse>((resolve) => asked.push(resolve))
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    client.on('error', () => {})
    onTestFinished(() => void client.destroy())
    if (reads) client.resume()
    else client.pause()
    client.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
    return { client, response: await arrived }
  }
  return { server, connections, ask }
}

test('connections are counted while they are there', async () => {
  const { connections, ask } = await serverOf()
  const { client, response } = await ask(true)
  expect(connections.count).toBe(1)
  client.destroy()
  await once(response, 'close')
  expect(connections.count).toBe(0)
})

test('a client that takes nothing of its answer does not hold up the end', async () => {
  const { connections, ask } = await serverOf()
  const { response } = await ask(false)
  response.end(LARGE)
  const closed = closeServer(connections, NEVER_MS)
  connections.cutUnread(UNREAD_MS)
  await closed
  expect(response.writableFinished).toBe(false)
})

test('nor does one whose answer was made after that', async () => {
  const { server, connections, ask } = await serverOf()
  const { response } = await ask(false)
  const closed = closeServer(connections, NEVER_MS)
  connections.cutUnread(UNREAD_MS)
  const silent = once(server, 'timeout')
  await silent
  expect(response.destroyed).toBe(false)
  response.writeHead(200, { connection: 'close' }).end(LARGE)
  await closed
  expect(response.writableFinished).toBe(false)
})

test('one that waits for its answer, however long, gets all of it', async () => {
  const { server, connections, ask } = await serverOf()
  const { client, response } = await ask(true)
  const closed = closeServer(connections, NEVER_MS)
  connections.cutUnread(UNREAD_MS)
  await once(server, 'timeout')
  let received = 0
  client.on('data', (data) => {
    received += data.length
  })
  response.writeHead(200, { connection: 'close' }).end(LARGE)
  await Promise.all([closed, once(client, 'end')])
  expect(received).toBeGreaterThan(LARGE.length)
})
