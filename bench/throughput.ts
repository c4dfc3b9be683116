import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startService } from '../local-stack/node-service.ts'
import { ensureRedisBinary } from '../local-stack/redis-binary.ts'
import { startRedis } from '../local-stack/redis-server.ts'
import type { Job } from '../shared/job.ts'
import { newJobId } from '../shared/job-id.ts'
import { isTerminal } from '../shared/job-state.ts'
import { RedisJobProducer } from '../shared/redis-job-producer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { POOL_NODE_FLAGS } from '../worker-pool/node-flags.ts'
import { RedisTcp } from '../worker-pool/redis/redis-tcp.ts'
import { type BenchSetup, poolSettings } from './bench-setup.ts'
import { exampleImages } from './example-images.ts'
import type { Row } from './report.ts'
import { runBareLoop } from './run-bare-loop.ts'
import { median, sum } from './statistics.ts'

const BATCH_SIZE = 32
/** Runs of the bare loop before those that count: the first takes almost twice as long. A pool warms up before it is ready. */
const WARM_UP_RUNS = 3
/** How often the bench looks whether the queue is drained: seldom enough not to be measured itself. */
const LOOK_EVERY_MS = 100
/** Longer than any round takes. */
const DEADLINE_MS = 3_600_000

const CASE = `throughput, batches of ${BATCH_SIZE}`

/** Both sides of one round. */
interface Round {
  /** Images/s. */
  bare: number
  pool: number
  /** Milliseconds a batch: the bare loop, the pool's part inside ONNX Runtime, and the pool's whole cycle. */
  bareRunMs: number
  poolRunMs: number
  poolCycleMs: number
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
    return toRows(measured)
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
  const jobs = await drainQueue(setup, redisUrl, `bench:${round}:`, batches * BATCH_SIZE)
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
  }
}

/** Fills a queue with `n` images, then lets a fresh pool drain it. Returns the jobs, all succeeded, times by Redis' clock. */
async function drainQueue(setup: BenchSetup, redisUrl: string, prefix: string, n: number): Promise<Job[]> {
  const redis = await RedisTcp.connect(redisUrl, setup.onProgress)
  try {
    const policy = { maxBacklog: n + 1, deadlineMs: DEADLINE_MS, resultTtlMs: DEADLINE_MS }
    const producer = new RedisJobProducer(redis, new RedisKeys(prefix), policy)
    const ids = await fillQueue(setup, producer, n)
    const pool = await startService({
      name: 'worker-pool',
      entry: 'worker-pool/main.ts',
      nodeFlags: POOL_NODE_FLAGS,
      env: { ...setup.env, ...poolSettings(setup, BATCH_SIZE), REDIS_URL: redisUrl, KEY_PREFIX: prefix },
      folder: setup.folder,
    })
    try {
      const endedByItself = pool.endedByItself.then((what) => Promise.reject(new Error(what)))
      return await Promise.race([untilAllSettled(producer, ids, setup.signal), endedByItself])
    } finally {
      await pool.stop()
    }
  } finally {
    redis.close()
  }
}

async function fillQueue(
  { model, signal }: BenchSetup,
  producer: RedisJobProducer,
  n: number,
): Promise<string[]> {
  const { name, version, input, resize } = model.manifest
  const tensor = {
    kind: 'tensor',
    dtype: input.dtype,
    shape: input.shape,
    encoding: 'base64',
  } as const
  const ids: string[] = []
  for (const image of await exampleImages(n, resize)) {
    signal.throwIfAborted()
    const payload = Buffer.from(image).toString('base64')
    const job = {
      id: newJobId(name),
      model: name,
      modelVersion: version,
      input: tensor,
      payload,
      requestId: 'bench',
    }
    await producer.enqueue(job)
    ids.push(job.id)
  }
  return ids
}

/** The queue is first in, first out, so only the last job is looked at until it is settled. */
async function untilAllSettled(
  producer: RedisJobProducer,
  ids: string[],
  signal: AbortSignal,
): Promise<Job[]> {
  const last = ids.at(-1) as string
  while (!isTerminal((await producer.read(last))?.status ?? 'queued'))
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  const jobs = await Promise.all(ids.map((id) => producer.read(id)))
  const succeeded = jobs.filter((job) => job?.status === 'succeeded') as Job[]
  if (succeeded.length < ids.length)
    throw new Error(`the pool settled only ${succeeded.length} of ${ids.length} jobs successfully`)
  return succeeded
}

function toRows(rounds: Round[]): Row[] {
  const middle = (figure: (round: Round) => number) => median(rounds.map(figure))
  const row = (metric: string, unit: string, value: Figure, reference?: Figure): Row => ({
    ...{ case: CASE, metric, value: middle(value), unit },
    reference: reference ? middle(reference) : null,
    ratio: reference ? middle((round) => value(round) / reference(round)) : null,
  })
  const single = (round: Round, i: number): Row => ({
    ...{ case: CASE, metric: `  round ${i + 1}`, value: round.pool, unit: 'images/s' },
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
  ]
}
