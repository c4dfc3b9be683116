import { Redis } from 'ioredis'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { processTimeMs } from '../processor-time.ts'
import type { Row } from '../report.ts'
import { median } from '../statistics.ts'
import { type GatewaySide, withGateway } from './gateway-side.ts'
import { KeptConnection, requestOf } from './kept-connection.ts'

const AT_ONCE = 64
/** So many, and not for so long: until then V8 has not compiled all, however little of the machine it is given. */
const WARM_UP_REQUESTS = 50_000
const VALUE = 'x'.repeat(100)

/** Requests in a second: of time, and of the server's own processor time. */
interface Rates {
  bySecond: number
  byCore: number
}

/** GETs through the gateway, and the same requests to a bare Hono server that answers the same bytes, in alternating rounds. */
export function measureThroughput(rounds: number, seconds: number, signal: AbortSignal): Promise<Row[]> {
  return withGateway(signal, {}, async (side) => {
    const redis = new Redis(side.redis.url, { protocol: 2 })
    await redis.set('small', VALUE)
    redis.disconnect()
    const bare = await startBare(side)
    try {
      const request = requestOf('/', side.token, JSON.stringify(['GET', 'small']))
      const gatewayLoad = { pid: side.gateway.pid, url: side.url, request }
      const bareLoad = { pid: bare.pid, url: `http://127.0.0.1:${bare.ready.port}`, request }
      const isWarm = (requests: number) => requests >= WARM_UP_REQUESTS
      await rateOf(gatewayLoad, isWarm)
      await rateOf(bareLoad, isWarm)
      const isOver = (_: number, ms: number) => ms >= seconds * 1000
      const measured: { gateway: Rates; bare: Rates }[] = []
      for (let round = 1; round <= rounds; round++) {
        signal.throwIfAborted()
        const rates = {
          bare: await rateOf(bareLoad, isOver),
          gateway: await rateOf(gatewayLoad, isOver),
        }
        measured.push(rates)
        const [bareRate, gatewayRate] = [rates.bare, rates.gateway].map(({ byCore }) => byCore.toFixed(0))
        side.onProgress(`throughput ${round}/${rounds}: bare ${bareRate}, gateway ${gatewayRate} a core`)
      }
      return toRows(measured)
    } finally {
      await bare.stop()
    }
  })
}

function startBare({ folder, env }: GatewaySide): Promise<NodeService> {
  const answer = JSON.stringify({ result: Buffer.from(VALUE).toString('base64') })
  return startService({
    ...{ name: 'bare-hono', entry: 'bench/gateway/bare-hono-main.ts', folder },
    env: { ...env, ANSWER: answer },
  })
}

/** Each connection asks again as soon as it was answered. */
async function rateOf(
  { pid, url, request }: { pid: number; url: string; request: Buffer },
  isOver: (requests: number, ms: number) => boolean,
): Promise<Rates> {
  const connections = await Promise.all(Array.from({ length: AT_ONCE }, () => KeptConnection.open(url)))
  let requests = 0
  const [begin, processorBegin] = [performance.now(), await processTimeMs(pid)]
  const askOnAndOn = async (connection: KeptConnection) => {
    for (; !isOver(requests, performance.now() - begin); requests++) await connection.ask(request)
  }
  await Promise.all(connections.map(askOnAndOn))
  const [ms, processorMs] = [performance.now() - begin, (await processTimeMs(pid)) - processorBegin]
  for (const connection of connections) connection.close()
  return { bySecond: (requests * 1000) / ms, byCore: (requests * 1000) / processorMs }
}

function toRows(rounds: { gateway: Rates; bare: Rates }[]): Row[] {
  const row = (metric: string, rate: keyof Rates): Row => ({
    ...{ case: `GET of 100 bytes, ${AT_ONCE} at once`, metric, unit: '1/s' },
    value: median(rounds.map(({ gateway }) => gateway[rate])),
    reference: median(rounds.map(({ bare }) => bare[rate])),
    ratio: median(rounds.map(({ gateway, bare }) => gateway[rate] / bare[rate])),
  })
  return [
    row('requests in a second of processor time, beside bare Hono', 'byCore'),
    row('requests in a second on this machine, beside bare Hono', 'bySecond'),
  ]
}
