import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished } from 'vitest'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import type { Job } from '../../shared/job.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { POOL_NODE_FLAGS } from '../../worker-pool/node-flags.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { BUNDLED_MODEL, onlyModel } from './model-package.ts'
import { processEnv } from './process-env.ts'
import { redisUrlOf } from './redis-users.ts'
import { untilBlocked } from './until-blocked.ts'

export const MODEL = 'efficientnet-lite0'
export const QUEUE = { model: MODEL, version: '1' }

/** Less than a pool's wait for jobs (30 s): a pool that sat it out would not end well. */
const DRAIN_SECONDS = '25'

export interface PoolProcess extends NodeService {
  /** Resolves once its log says so. */
  untilLogged: (what: RegExp) => Promise<void>
  /** All that it has logged so far. */
  log: () => Promise<string>
}

/** What an edge and an observer see of a queue under a fresh key prefix. All ends with the test. */
export class PoolQueue {
  readonly keys: RedisKeys
  readonly redis: Redis
  readonly producer: RedisJobProducer
  /** As pools reach it. */
  readonly url: string

  private constructor(url: string, observed: string, keys: RedisKeys, tcp: RedisTcp) {
    this.url = url
    this.keys = keys
    this.redis = new Redis(observed, { protocol: 2 })
    const policy = { maxBacklog: 1_000, deadlineMs: 600_000, resultTtlMs: 60_000 }
    this.producer = new RedisJobProducer(tcp, this.keys, policy)
    onTestFinished(() => {
      tcp.close()
      this.redis.disconnect()
    })
  }

  /** Of the run's Redis by default, where edge and pools have no more rights than they need. */
  static async open(own?: string, keys = new RedisKeys(`test:${crypto.randomUUID()}:`)): Promise<PoolQueue> {
    const tcp = await RedisTcp.connect(own ?? redisUrlOf('edge'))
    return new PoolQueue(own ?? redisUrlOf('pool'), own ?? inject('redisUrl'), keys, tcp)
  }

  /** A pool as a process of its own, ready to serve. `logTo`: where its log goes, if not to a file that `untilLogged` reads. */
  async startPool(env: Record<string, string> = {}, logTo?: string): Promise<PoolProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-pool-'))
    const log = join(folder, 'worker-pool.log')
    if (logTo !== undefined) await symlink(logTo, log)
    const pool = await startService({
      name: 'worker-pool',
      entry: 'worker-pool/main.ts',
      nodeFlags: POOL_NODE_FLAGS,
      folder,
      env: { ...poolEnv(this.url, this.keys.prefix), ...env },
    })
    onTestFinished(async () => {
      await pool.kill()
      await rm(folder, { recursive: true })
    })
    const untilLogged = async (what: RegExp) => {
      while (!what.test(await readFile(log, 'utf8'))) await setImmediate()
    }
    return { ...pool, untilLogged, log: () => readFile(log, 'utf8') }
  }

  /** Enqueues jobs. `settled` resolves once a pool has told of the end of each. */
  async enqueue(jobs: readonly NewJob[]): Promise<{ settled: Promise<Job[]> }> {
    const listener = this.redis.duplicate()
    onTestFinished(() => listener.disconnect())
    const open = new Set(jobs.map(({ id, model }) => this.keys.done(model, id)))
    await listener.subscribe(...open)
    const allTold = new Promise<void>((resolve) => {
      listener.on('message', (channel) => {
        open.delete(channel)
        if (open.size === 0) resolve()
      })
    })
    for (const job of jobs)
      expect((await this.producer.enqueue({ ...job, watched: true })).outcome).toBe('queued')
    return { settled: allTold.then(() => this.read(jobs)) }
  }

  async read(jobs: readonly NewJob[]): Promise<Job[]> {
    const found = await Promise.all(jobs.map(({ id }) => this.producer.read(id)))
    return found.filter((job) => job !== undefined)
  }

  /** Until some client waits in a read: a pool of this queue, if the Redis is this test's own. */
  untilAPoolWaits(): Promise<void> {
    return this.untilPoolsWait(1)
  }

  /** The same for so many clients. */
  untilPoolsWait(count: number): Promise<void> {
    return untilBlocked(this.redis, count)
  }

  /** Entries handed to a pool and not settled. */
  async inFlight(): Promise<number> {
    const [count] = (await this.redis.xpending(this.keys.queue(QUEUE), 'pool')) as [number]
    return count
  }
}

/** Settings of pools in tests: small batches, and little of the machine. */
export function poolEnv(redisUrl: string, keyPrefix: string): Record<string, string> {
  const small = { MAX_BATCH_SIZE: '4', INTRA_OP_THREADS: '1', DRAIN_SECONDS, ...onlyModel(BUNDLED_MODEL) }
  return { ...processEnv(), ...small, REDIS_URL: redisUrl, KEY_PREFIX: keyPrefix }
}

/** A job with an image of its own. */
export function newJob(seed: number, overrides: Partial<NewJob> = {}): NewJob {
  return {
    id: newJobId(MODEL),
    model: MODEL,
    modelVersion: '1',
    input: { kind: 'tensor', dtype: 'uint8', shape: [224, 224, 3], encoding: 'base64' },
    payload: Buffer.from(pattern(seed, 2 * seed + 3, 29)).toString('base64'),
    ...{ requestId: 'test', watched: true },
    ...overrides,
  }
}

/** The images that reference.json describes by a formula. */
export function pattern(a: number, b: number, d: number): Uint8Array {
  return Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 672), Math.floor(i / 3) % 224, i % 3]
    return (y * a + x * b + c * d) % 256
  })
}

export const newJobs = (count: number) => Array.from({ length: count }, (_, i) => newJob(i + 1))
