import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'

/** What a way does with bytes that Redis sent. */
export type Carry = (client: Socket, data: Buffer) => void

/** A way to the Redis at `url`, for each connection anew, that hands on what it sends as `carry` says. Ends with the test. Returns its URL. */
export async function wayToRedis(url: string | (() => string), carry: Carry): Promise<string> {
  const now = typeof url === 'string' ? () => url : url
  return served(createServer(), 'connection', (client) => join(client, now(), carry))
}

/** The same with TLS, up to here. */
export async function tlsWayToRedis(url: string, options: TlsOptions): Promise<string> {
  const address = await served(createTlsServer(options), 'secureConnection', (client) =>
    join(client, url, (to, data) => to.write(data)),
  )
  return address.replace('redis://', 'rediss://')
}

/** Something that is no Redis, or a Redis with a fault: answers each piece of input as `answer` says. */
export async function fakeRedis(answer: (input: string) => string): Promise<string> {
  return served(createServer(), 'connection', (client) => {
    client.on('data', (data) => client.write(answer(data.toString('latin1'))))
  })
}

/** Hands on Redis' bytes in pieces of `sizes`, over and over, each a write of its own. */
export function inPieces(sizes: readonly number[]): Carry {
  const queues = new WeakMap<Socket, Promise<void>>()
  return (client, data) => {
    const write = async () => {
      client.setNoDelay(true)
      for (let at = 0, i = 0; at < data.length && !client.destroyed; i++) {
        const end = at + (sizes[i % sizes.length] as number)
        client.write(data.subarray(at, end))
        at = end
        await new Promise(setImmediate)
      }
    }
    queues.set(client, (queues.get(client) ?? Promise.resolve()).then(write))
  }
}

function join(client: Socket, url: string, carry: Carry): void {
  const { hostname, port } = new URL(url)
  const redis = connect(Number(port), hostname)
  redis.on('error', () => {})
  redis.on('data', (data) => carry(client, data))
  client.on('data', (data) => redis.write(data))
  redis.on('close', () => client.destroy())
  client.on('close', () => redis.destroy())
}

async function served(
  server: Server,
  event: 'connection' | 'secureConnection',
  onClient: (client: Socket) => void,
): Promise<string> {
  const clients = new Set<Socket>()
  server.on(event, (client: Socket) => {
    clients.add(client)
    client.on('error', () => {})
    onClient(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const client of clients) client.destroy()
  })
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
}
