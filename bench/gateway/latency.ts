import { Redis } from 'ioredis'
import type { Row } from '../report.ts'
import { median, percentile } from '../statistics.ts'
import { withGateway } from './gateway-side.ts'
import { KeptConnection, requestOf } from './kept-connection.ts'

/** Pixels of one image, 224 x 224 x 3, as the edge sends them: 200,704 characters of base64. */
const IMAGE = Buffer.alloc(150_528, 0x5a)
/** V8 has not compiled all before. */
const WARM_UP = 1_500

interface LatencyCase {
  name: string
  request: Buffer
  direct: (redis: Redis) => Promise<unknown>
}

function latencyCases(token: string): LatencyCase[] {
  const text = IMAGE.toString('base64')
  return [
    {
      name: 'GET of 100 bytes',
      request: requestOf('/', token, JSON.stringify(['GET', 'small'])),
      direct: (redis) => redis.getBuffer('small'),
    },
    {
      name: 'SET of 200 KB',
      request: requestOf('/', token, JSON.stringify(['SET', 'large', text])),
      direct: (redis) => redis.set('large', text),
    },
  ]
}

/** One request at a time, through the gateway and by ioredis, in alternating rounds. */
export function measureLatency(rounds: number, requests: number, signal: AbortSignal): Promise<Row[]> {
  return withGateway(signal, {}, async ({ redis: { url: redisUrl }, url, token, onProgress }) => {
    const redis = new Redis(redisUrl, { protocol: 2 })
    await redis.set('small', 'x'.repeat(100))
    const connection = await KeptConnection.open(url)
    const rows: Row[] = []
    for (const { name, request, direct } of latencyCases(token)) {
      onProgress(`latency: ${name}`)
      const sides = { gateway: () => connection.ask(request), direct: () => direct(redis) }
      await timesOf(sides.gateway, WARM_UP)
      await timesOf(sides.direct, WARM_UP)
      const measured = []
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted()
        measured.push({
          direct: percentile(await timesOf(sides.direct, requests), 50),
          gateway: percentile(await timesOf(sides.gateway, requests), 50),
        })
      }
      rows.push(...toRows(name, measured))
    }
    connection.close()
    redis.disconnect()
    return rows
  })
}

/** Milliseconds of each. */
async function timesOf(ask: () => Promise<unknown>, count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const begin = performance.now()
    await ask()
    times.push(performance.now() - begin)
  }
  return times
}

function toRows(name: string, rounds: { direct: number; gateway: number }[]): Row[] {
  const reference = median(rounds.map(({ direct }) => direct))
  const value = median(rounds.map(({ gateway }) => gateway))
  return [
    {
      ...{ case: name, metric: 'gateway, beside ioredis, p50', value, unit: 'ms', reference },
      ratio: median(rounds.map(({ gateway, direct }) => gateway / direct)),
    },
    {
      ...{ case: name, metric: 'added by the gateway, p50', unit: 'ms', reference: null, ratio: null },
      value: median(rounds.map(({ gateway, direct }) => gateway - direct)),
    },
  ]
}
