import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeService } from '../../local-stack/node-service.ts'
import type { Row } from '../report.ts'
import { median } from '../statistics.ts'
import { type Encoding, IMAGE_BYTES, QueueSide } from './queue-side.ts'
import { redisBenchmarkGets } from './redis-benchmark.ts'

export interface DrainSetup {
  redisUrl: string
  rounds: number
  /** Images a round. */
  images: number
  /** Starts a pool that serves the no-op model. */
  startPool: (redisUrl: string, prefix: string) => Promise<NodeService>
  signal: AbortSignal
  onProgress: (line: string) => void
}

const LOOK_EVERY_MS = 50
/** Of a round: the process compiles its code meanwhile. */
const WARM_UP_SHARE = 1 / 3

/** Images/s that one pool claims, fetches, hands to a model that does nothing, and settles; beside redis-benchmark's GETs. */
export async function measureDrain(setup: DrainSetup): Promise<Row[]> {
  const rows: Row[] = []
  for (const encoding of ['raw', 'base64'] as const) {
    const rounds: { pool: number; gets: number }[] = []
    for (let i = 1; i <= setup.rounds; i++) {
      const gets = await redisBenchmarkGets(setup.redisUrl, IMAGE_BYTES, setup.images, setup.signal)
      const pool = await drainOnce(setup, encoding, `bench:drain:${encoding}:${i}:`)
      setup.onProgress(
        `drain, ${encoding} ${i}/${setup.rounds}: pool ${pool.toFixed(0)}, redis-benchmark ${gets.toFixed(0)}/s`,
      )
      rounds.push({ pool, gets })
    }
    rows.push({
      case: 'drain, no-op model',
      metric: `pool, ${encoding} images`,
      value: median(rounds.map(({ pool }) => pool)),
      unit: 'images/s',
      reference: median(rounds.map(({ gets }) => gets)),
      ratio: median(rounds.map(({ pool, gets }) => pool / gets)),
    })
  }
  return rows
}

async function drainOnce(setup: DrainSetup, encoding: Encoding, prefix: string): Promise<number> {
  const queue = await QueueSide.open(setup.redisUrl, prefix)
  try {
    const raw = Buffer.alloc(IMAGE_BYTES, 7)
    const image = encoding === 'raw' ? raw : Buffer.from(raw.toString('base64'), 'latin1')
    const ids = await queue.fill(setup.images, encoding, image, setup.signal)
    const pool = await setup.startPool(setup.redisUrl, prefix)
    try {
      const ended = pool.endedByItself.then((what) => Promise.reject(new Error(what)))
      await Promise.race([untilEmpty(queue, setup.signal), ended])
    } finally {
      await pool.stop()
    }
    const jobs = await Promise.all(ids.map((id) => queue.read(id)))
    const ends = jobs.map((job) => {
      if (job?.status !== 'succeeded')
        throw new Error(`a job of the drained queue is ${job?.status ?? 'gone'}`)
      return job.completed_at as number
    })
    await queue.redis.flushdb()
    return rateOf(ends)
  } finally {
    queue.close()
  }
}

async function untilEmpty(queue: QueueSide, signal: AbortSignal): Promise<void> {
  while ((await queue.backlog()) > 0) await sleep(LOOK_EVERY_MS, undefined, { signal })
}

function rateOf(ends: number[]): number {
  const sorted = [...ends].sort((a, b) => a - b)
  const first = Math.floor(sorted.length * WARM_UP_SHARE)
  const took = (sorted.at(-1) as number) - (sorted[first] as number)
  return ((sorted.length - 1 - first) * 1000) / took
}
