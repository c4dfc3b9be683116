import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeService } from '../../local-stack/node-service.ts'
import { type ProcessorTime, processorTime } from '../processor-time.ts'
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

const LOOK_EVERY_MS = 20
/** Of a round: the process compiles its code meanwhile. */
const WARM_UP_SHARE = 1 / 3

interface Round {
  /** Images/s. */
  pool: number
  /** redis-benchmark's, per second. */
  gets: number
  /** An image, in ms. */
  spent: ProcessorTime
}

/** Images/s that one pool claims, fetches, hands to a model that does nothing, and settles; beside redis-benchmark's GETs. */
export async function measureDrain(setup: DrainSetup): Promise<Row[]> {
  const rows: Row[] = []
  for (const encoding of ['raw', 'base64'] as const) {
    const rounds: Round[] = []
    for (let i = 1; i <= setup.rounds; i++) {
      const gets = await redisBenchmarkGets(setup.redisUrl, IMAGE_BYTES, setup.images, setup.signal)
      const { pool, spent } = await drainOnce(setup, encoding, `bench:drain:${encoding}:${i}:`)
      setup.onProgress(
        `drain, ${encoding} ${i}/${setup.rounds}: pool ${pool.toFixed(0)}, redis-benchmark ${gets.toFixed(0)}/s`,
      )
      rounds.push({ pool, gets, spent })
    }
    rows.push(...toRows(encoding, rounds))
  }
  return rows
}

/** With pool and Redis on the same cores, what both take of them bounds what can be reached, however well they work at the same time. */
function toRows(encoding: Encoding, rounds: Round[]): Row[] {
  const row = (metric: string, unit: string, value: (round: Round) => number, besideGets: boolean): Row => ({
    ...{ case: 'drain, no-op model', metric, unit, value: median(rounds.map(value)) },
    reference: besideGets ? median(rounds.map(({ gets }) => gets)) : null,
    ratio: besideGets ? median(rounds.map((round) => value(round) / round.gets)) : null,
  })
  const bound = ({ spent }: Round) => (cpus().length * 1000) / (spent.pool + spent.sessions + spent.redis)
  return [
    row(`pool, ${encoding} images`, 'images/s', ({ pool }) => pool, true),
    row('  the most that its processor time allows', 'images/s', bound, true),
    row(
      '  processor time of the pool',
      'us/image',
      ({ spent }) => (spent.pool + spent.sessions) * 1000,
      false,
    ),
    row('  processor time of Redis', 'us/image', ({ spent }) => spent.redis * 1000, false),
  ]
}

async function drainOnce(
  setup: DrainSetup,
  encoding: Encoding,
  prefix: string,
): Promise<Pick<Round, 'pool' | 'spent'>> {
  const queue = await QueueSide.open(setup.redisUrl, prefix)
  try {
    const raw = Buffer.alloc(IMAGE_BYTES, 7)
    const image = encoding === 'raw' ? raw : Buffer.from(raw.toString('base64'), 'latin1')
    const ids = await queue.fill(setup.images, encoding, image, setup.signal)
    const pool = await setup.startPool(setup.redisUrl, prefix)
    const warm = setup.images * (1 - WARM_UP_SHARE)
    let spent: ProcessorTime
    try {
      const ended = pool.endedByItself.then((what) => Promise.reject(new Error(what)))
      const left = await Promise.race([untilBacklog(queue, warm, setup.signal), ended])
      const before = await processorTime(pool.pid, queue.redis)
      await Promise.race([untilBacklog(queue, 0, setup.signal), ended])
      spent = perImage(before, await processorTime(pool.pid, queue.redis), left)
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
    return { pool: rateOf(ends), spent }
  } finally {
    queue.close()
  }
}

/** Resolves with how many jobs there are, once there are no more than `most`. */
async function untilBacklog(queue: QueueSide, most: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    const backlog = await queue.backlog()
    if (backlog <= most) return backlog
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

function perImage(before: ProcessorTime, after: ProcessorTime, images: number): ProcessorTime {
  return {
    pool: (after.pool - before.pool) / images,
    sessions: (after.sessions - before.sessions) / images,
    redis: (after.redis - before.redis) / images,
  }
}

function rateOf(ends: number[]): number {
  const sorted = [...ends].sort((a, b) => a - b)
  const first = Math.floor(sorted.length * WARM_UP_SHARE)
  const took = (sorted.at(-1) as number) - (sorted[first] as number)
  return ((sorted.length - 1 - first) * 1000) / took
}
