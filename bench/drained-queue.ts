import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { startService } from '../local-stack/node-service.ts'
import type { Job } from '../shared/job.ts'
import { newJobId } from '../shared/job-id.ts'
import { isTerminal } from '../shared/job-state.ts'
import { RedisJobProducer } from '../shared/redis-job-producer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { POOL_NODE_FLAGS } from '../worker-pool/node-flags.ts'
import { RedisTcp } from '../worker-pool/redis/redis-tcp.ts'
import { type BenchSetup, poolSettings } from './bench-setup.ts'
import { exampleImages } from './example-images.ts'
import { type ProcessorTime, processorTime } from './processor-time.ts'

/** How often the bench looks whether the queue is drained: seldom enough not to be measured itself. */
const LOOK_EVERY_MS = 100
/** Longer than any round takes. */
const DEADLINE_MS = 3_600_000

export interface DrainedQueue {
  /** All succeeded; times by Redis' clock. */
  jobs: Job[]
  /** Processor time that was spent while they were served, in ms, but for the sessions'. */
  beside: Omit<ProcessorTime, 'sessions'>
}

/** Fills a queue with `n` images, then lets a fresh pool drain it in batches of `batchSize`. */
export async function drainQueue(
  setup: BenchSetup,
  { redisUrl, prefix, n, batchSize }: { redisUrl: string; prefix: string; n: number; batchSize: number },
): Promise<DrainedQueue> {
  const redis = await RedisTcp.connect(redisUrl, setup.onProgress)
  const observer = new Redis(redisUrl, { protocol: 2 })
  try {
    const policy = { maxBacklog: n + 1, deadlineMs: DEADLINE_MS, resultTtlMs: DEADLINE_MS }
    const producer = new RedisJobProducer(redis, new RedisKeys(prefix), policy)
    const ids = await fillQueue(setup, producer, n)
    const pool = await startService({
      name: 'worker-pool',
      entry: 'worker-pool/main.ts',
      nodeFlags: POOL_NODE_FLAGS,
      env: { ...setup.env, ...poolSettings(setup, batchSize), REDIS_URL: redisUrl, KEY_PREFIX: prefix },
      folder: setup.folder,
    })
    try {
      const endedByItself = pool.endedByItself.then((what) => Promise.reject(new Error(what)))
      const before = await processorTime(pool.pid, observer)
      await Promise.race([untilSettled(producer, ids.at(-1) as string, setup.signal), endedByItself])
      const after = await processorTime(pool.pid, observer)
      const beside = { pool: after.pool - before.pool, redis: after.redis - before.redis }
      return { jobs: await succeeded(producer, ids), beside }
    } finally {
      await pool.stop()
    }
  } finally {
    observer.disconnect()
    redis.close()
  }
}

/** Enqueues `n` images, no two alike; their jobs' ids. */
export async function fillQueue(
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

/** The queue is first in, first out: once its last job is settled, the whole of its batch is, too. */
async function untilSettled(producer: RedisJobProducer, last: string, signal: AbortSignal): Promise<void> {
  while (!isTerminal((await producer.read(last))?.status ?? 'queued'))
    await sleep(LOOK_EVERY_MS, undefined, { signal })
}

async function succeeded(producer: RedisJobProducer, ids: string[]): Promise<Job[]> {
  const jobs = await Promise.all(ids.map((id) => producer.read(id)))
  const done = jobs.filter((job) => job?.status === 'succeeded') as Job[]
  if (done.length < ids.length)
    throw new Error(`the pool settled only ${done.length} of ${ids.length} jobs successfully`)
  return done
}
