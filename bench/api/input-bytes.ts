import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Redis } from 'ioredis'
import { RedisRest } from '../../edge/redis-rest.ts'
import type { Stack } from '../../local-stack/stack.ts'
import { systemClock } from '../../shared/clock.ts'
import { newJobId } from '../../shared/job-id.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { BenchSetup } from '../bench-setup.ts'
import type { Row } from '../report.ts'
import { withStack } from './bench-stack.ts'

/** As the bundled model takes them. */
const SHAPE = [224, 224, 3]
const MODEL = { model: 'input-bytes', modelVersion: '1' }
const DAY_MS = 86_400_000

/** What one input weighs, in bytes: on its way from an edge to the gateway, HTTP and all, and in Redis. */
interface Weight {
  sent: number
  kept: number
}

/** What inputs weigh that go as they are, beside those in base64. */
export async function measureInputBytes(setup: BenchSetup, requests: number): Promise<Row[]> {
  setup.onProgress('cost: bytes of inputs')
  const [base64, raw] = await withStack(setup, { pools: 1 }, async (stack) => [
    await weigh(stack, requests, false),
    await weigh(stack, requests, true),
  ])
  const row = (name: string, metric: string, value: number, reference: number): Row => ({
    ...{ case: name, metric, value, unit: 'B', reference, ratio: value / reference },
  })
  return [
    row('an input in base64', 'sent to the REST endpoint', base64.sent, base64.sent),
    row('an input in base64', 'kept in Redis', base64.kept, base64.kept),
    row('an input as it is (RAW_INPUTS=auto)', 'sent to the REST endpoint', raw.sent, base64.sent),
    row('an input as it is (RAW_INPUTS=auto)', 'kept in Redis', raw.kept, base64.kept),
  ]
}

async function weigh({ gateway, redisUrl }: Stack, requests: number, rawBytes: boolean): Promise<Weight> {
  const keys = new RedisKeys(`bench:${crypto.randomUUID()}:`)
  const redis = new Redis(redisUrl, { protocol: 2 })
  const way = await countedWay(gateway.url)
  const rest = new RedisRest({ url: way.url, token: gateway.token, timeoutMs: 10_000, rawBytes }, systemClock)
  const policy = { maxBacklog: 2 * requests, deadlineMs: DAY_MS, resultTtlMs: DAY_MS }
  const producer = new RedisJobProducer(rest, keys, policy)
  const enqueue = async () => {
    const id = newJobId(MODEL.model)
    const input = { kind: 'tensor', dtype: 'uint8', shape: SHAPE, encoding: 'raw' } as const
    await producer.enqueue({ ...MODEL, id, input, payload: randomBytes(), requestId: 'bench' })
    return keys.input(MODEL.model, id)
  }
  try {
    // Redis learns the scripts, and the edge what the gateway carries.
    for (let i = 0; i < 2; i++) await enqueue()
    const before = way.sent()
    let kept = 0
    for (let i = 0; i < requests; i++) kept += (await redis.memory('USAGE', await enqueue())) ?? 0
    return { sent: (way.sent() - before) / requests, kept: kept / requests }
  } finally {
    const left = await redis.keys(`${keys.prefix}*`)
    if (left.length > 0) await redis.unlink(left)
    redis.disconnect()
    way.close()
  }
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(SHAPE.reduce((product, side) => product * side, 1))
  for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

/** Leads to a server, and counts the bytes that are sent there. */
async function countedWay(url: string): Promise<{ url: string; sent: () => number; close: () => void }> {
  const { hostname, port } = new URL(url)
  let sent = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    client.on('data', (data) => {
      sent += data.length
    })
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = (server.address() as AddressInfo).port
  return { url: `http://127.0.0.1:${own}`, sent: () => sent, close: () => server.close() }
}
