import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { Stack } from '../../local-stack/stack.ts'
import { apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { BenchSetup } from '../bench-setup.ts'
import type { Row } from '../report.ts'
import { withStack } from './bench-stack.ts'

/** Upstash's price of 100,000 commands, pay as you go, in dollars: https://upstash.com/pricing/redis (seen in November 2026). */
const DOLLARS_PER_100K = 0.2
/** What a waited prediction is to stay under, in commands. */
const LIMIT = 12
/** Requests at once, where batches fill. */
const AT_ONCE = 64
const WARM_UP = 20

interface Case {
  name: string
  atOnce: number
  edge?: Record<string, string>
  withKey?: boolean
}

const CASES: Case[] = [
  { name: 'one at a time', atOnce: 1 },
  { name: `${AT_ONCE} at once`, atOnce: AT_ONCE },
  { name: `${AT_ONCE} at once, with an API key and a rate`, atOnce: AT_ONCE, withKey: true },
  {
    name: `${AT_ONCE} at once, the same photo from the cache`,
    atOnce: AT_ONCE,
    edge: { CACHE_TTL_SECONDS: '300' },
  },
]

/** What Redis is asked for a prediction, the pool's part and all that is in the background included. */
export async function measureCost(setup: BenchSetup, requests: number): Promise<Row[]> {
  const rows: Row[] = []
  for (const one of CASES) {
    setup.onProgress(`cost: ${one.name}`)
    const edge = one.edge ?? {}
    const { sent, billed } = await withStack(setup, { pools: 1, edge }, (stack) =>
      count(stack, one, requests),
    )
    const dollars = (billed / requests / 100_000) * DOLLARS_PER_100K * 1_000_000
    const perPrediction = (metric: string, commands: number): Row => {
      const value = commands / requests
      return { case: one.name, metric, value, unit: '', reference: LIMIT, ratio: value / LIMIT }
    }
    rows.push(
      perPrediction('commands sent', sent),
      perPrediction('commands billed, in scripts too', billed),
      {
        case: one.name,
        metric: 'a million predictions',
        value: dollars,
        unit: '$',
        reference: null,
        ratio: null,
      },
    )
  }
  return rows
}

async function count(stack: Stack, one: Case, requests: number): Promise<{ sent: number; billed: number }> {
  const photo = await readFile(join(PROJECT_ROOT, 'examples', 'cat.jpg'))
  const redis = new Redis(stack.redisUrl, { protocol: 2 })
  const headers = one.withKey ? await storeKey(redis) : {}
  await predictAll(stack, photo, headers, WARM_UP, one.atOnce)
  const monitor = await redis.monitor()
  let [sent, billed] = [0, 0]
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    // What is inside a transaction or a script is billed like any other; the monitor's own PING is not the system's.
    if (command.toLowerCase() === 'ping') return
    billed++
    if (source !== 'lua') sent++
  })
  await predictAll(stack, photo, headers, requests, one.atOnce)
  await redis.ping()
  monitor.disconnect()
  redis.disconnect()
  return { sent, billed }
}

async function predictAll(
  stack: Stack,
  photo: Buffer,
  headers: Record<string, string>,
  requests: number,
  atOnce: number,
): Promise<void> {
  let next = 0
  const work = async () => {
    while (next++ < requests) {
      const body = new FormData()
      body.append('image', new Blob([new Uint8Array(photo)]), 'cat.jpg')
      const response = await fetch(`${stack.edge.url}/predict`, { method: 'POST', body, headers })
      const text = await response.text()
      if (response.status !== 200) throw new Error(`POST /predict: ${response.status} ${text.slice(0, 300)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}

async function storeKey(redis: Redis): Promise<Record<string, string>> {
  const { id, token } = newApiKey()
  const record = {
    ...{
      id,
      name: 'bench',
      sha256: await apiKeyDigest(token),
      models: null,
      priorities: ['normal'],
      admin: false,
    },
    ...{
      rate: { limit: 1_000_000, window_seconds: 60 },
      created_at: new Date().toISOString(),
      expires_at: null,
    },
  }
  await redis.hset(new RedisKeys('eb:').apiKeys(), id, JSON.stringify(record))
  return { authorization: `Bearer ${token}` }
}
