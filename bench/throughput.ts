import { join } from 'node:path'
import { ensureRedisBinary } from '../local-stack/redis-binary.ts'
import { startRedis } from '../local-stack/redis-server.ts'
import type { BenchSetup } from './bench-setup.ts'
import { type DrainedQueue, drainQueue } from './drained-queue.ts'
import type { Row } from './report.ts'
import { runBareLoop } from './run-bare-loop.ts'
import { median, sum } from './statistics.ts'

const BATCH_SIZE = 32
/** Runs of the bare loop before those that count: the first takes almost twice as long. A pool warms up before it is ready. */
const WARM_UP_RUNS = 3

/** Both sides of one round. */
interface Round {
  /** Images/s. */
  bare: number
  pool: number
  /** Milliseconds a batch: the bare loop, the pool's part inside ONNX Runtime, and the pool's whole cycle. */
  bareRunMs: number
  poolRunMs: number
  poolCycleMs: number
  /** Processor time a batch, beside that of the sessions. */
  beside: DrainedQueue['beside']
}

type Figure = (round: Round) => number
const bareRunMs: Figure = (round) => round.bareRunMs

/** Images/s of a bare loop and of a pool that drains a queue of as many images, in alternating rounds. */
export async function measureThroughput(setup: BenchSetup, rounds: number, images: number): Promise<Row[]> {
  const batches = Math.ceil(images / BATCH_SIZE)
  const binary = await ensureRedisBinary(setup.env.PATH ?? '', setup.onProgress)
  const redis = await startRedis(binary, join(setup.folder, 'redis'))
  try {
    const measured: Round[] = []
    for (let i = 1; i <= rounds; i++) {
      const round = await measureRound(setup, redis.url, i, batches)
      setup.onProgress(
        `throughput ${i}/${rounds}: bare ${round.bare.toFixed(1)}, pool ${round.pool.toFixed(1)} images/s`,
      )
      measured.push(round)
    }
    return toRows(caseOf(setup), measured)
  } finally {
    await redis.stop()
  }
}

async function measureRound(
  setup: BenchSetup,
  redisUrl: string,
  round: number,
  batches: number,
): Promise<Round> {
  const task = { batchSize: BATCH_SIZE, warmUpRuns: WARM_UP_RUNS, runs: batches }
  const bareMs = sum(await runBareLoop(setup, task)) / batches
  const prefix = `bench:${round}:`
  const queue = { redisUrl, prefix, n: batches * BATCH_SIZE, batchSize: BATCH_SIZE }
  const { jobs, beside } = await drainQueue(setup, queue)
  const poolMs =
    Math.max(...jobs.map((job) => job.completed_at as number)) -
    Math.min(...jobs.map((job) => job.started_at as number))
  // Each job tells how long its whole batch took.
  const insideModelMs = sum(jobs.map((job) => (job.predict_ms ?? 0) / (job.batch_size ?? 1)))
  return {
    bare: (BATCH_SIZE * 1000) / bareMs,
    pool: (jobs.length * 1000) / poolMs,
    bareRunMs: bareMs,
    poolRunMs: insideModelMs / batches,
    poolCycleMs: poolMs / batches,
    beside: { pool: beside.pool / batches, redis: beside.redis / batches },
  }
}

function caseOf({ model, threads }: BenchSetup): string {
  return `${model.manifest.name}, batches of ${BATCH_SIZE}, ${threads === undefined ? 'all cores' : `threads: ${threads}`}`
}

function toRows(name: string, rounds: Round[]): Row[] {
  const middle = (figure: (round: Round) => number) => median(rounds.map(figure))
  const row = (metric: string, unit: string, value: Figure, reference?: Figure): Row => ({
    ...{ case: name, metric, value: middle(value), unit },
    reference: reference ? middle(reference) : null,
    ratio: reference ? middle((round) => value(round) / reference(round)) : null,
  })
  const single = (round: Round, i: number): Row => ({
    ...{ case: name, metric: `  round ${i + 1}`, value: round.pool, unit: 'images/s' },
    ...{ reference: round.bare, ratio: round.pool / round.bare },
  })
  return [
    row('bare ONNX Runtime', 'images/s', ({ bare }) => bare),
    row(
      'worker pool',
      'images/s',
      ({ pool }) => pool,
      ({ bare }) => bare,
    ),
    ...rounds.map(single),
    row('bare, one batch', 'ms', bareRunMs),
    row('pool, one batch', 'ms', ({ poolCycleMs }) => poolCycleMs, bareRunMs),
    row('  in ONNX Runtime', 'ms', ({ poolRunMs }) => poolRunMs, bareRunMs),
    row('  around it', 'ms', ({ poolCycleMs, poolRunMs }) => poolCycleMs - poolRunMs, bareRunMs),
    row("  processor time of the pool's other threads", 'ms', ({ beside }) => beside.pool),
    row('  processor time of Redis', 'ms', ({ beside }) => beside.redis),
  ]
}
