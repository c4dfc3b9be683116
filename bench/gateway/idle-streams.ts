import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import type { Row } from '../report.ts'
import { withGateway } from './gateway-side.ts'

const OPENED_AT_ONCE = 100
const KIB = 1024

/** Idle subscriptions, each of a channel of its own and over a connection of its own. */
export function measureIdleStreams(count: number, signal: AbortSignal): Promise<Row[]> {
  const settings = { GATEWAY_MAX_SUBSCRIPTIONS: String(count) }
  return withGateway(
    signal,
    settings,
    async ({ redis: { url: redisUrl }, gateway, url, token, onProgress }) => {
      onProgress(`streams: opening ${count}`)
      const redis = new Redis(redisUrl, { protocol: 2 })
      const sockets: Socket[] = []
      const open = async () => sockets.push(await openStream(url, token, `channel:${sockets.length}`))
      for (let i = 0; i < OPENED_AT_ONCE; i++) await open()
      const before = await residentKib(gateway.pid)
      const first = sockets.length
      while (sockets.length < count) {
        signal.throwIfAborted()
        const next = Math.min(OPENED_AT_ONCE, count - sockets.length)
        const begin = sockets.length
        const opened = Array.from({ length: next }, (_, i) => openStream(url, token, `channel:${begin + i}`))
        sockets.push(...(await Promise.all(opened)))
      }
      const after = await residentKib(gateway.pid)
      const clients = String(await redis.client('LIST'))
      const listening = clients.split('\n').filter((line) => /\bsub=[1-9]/.test(line)).length
      const channels = (await redis.pubsub('CHANNELS')).length
      for (const socket of sockets) socket.destroy()
      redis.disconnect()
      if (channels !== count) throw new Error(`Redis has ${channels} channels, not ${count}`)
      const row = (metric: string, value: number, unit: string): Row => ({
        ...{ case: `${count} idle subscriptions`, metric, value, unit, reference: null, ratio: null },
      })
      return [
        row('connections to Redis that are subscribed', listening, ''),
        row('resident memory of the gateway', after / KIB, 'MiB'),
        row(`  before, with ${first} of them`, before / KIB, 'MiB'),
        row('  each', (after - before) / (count - first), 'KiB'),
      ]
    },
  )
}

/** Resolves once the subscription is acknowledged. */
async function openStream(url: string, token: string, channel: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `GET /subscribe/${channel} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${token}\r\n\r\n`,
  )
  let received = ''
  while (!received.includes(`data: subscribe,${channel},1`)) {
    const [data] = (await once(socket, 'data')) as [Buffer]
    received += data.toString()
    if (!received.startsWith('HTTP/1.1 200 ')) throw new Error(`no stream: ${received}`)
  }
  return socket
}

/** KiB. Linux only. */
async function residentKib(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
}
