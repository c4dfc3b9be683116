import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { type NodeService, startService } from '../../local-stack/node-service.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import reference from '../../models/efficientnet-lite0/reference.json' with { type: 'json' }
import type { Job } from '../../shared/job.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { RedisJobProducer } from '../../shared/redis-job-producer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { loadModelPackage } from '../../worker-pool/model-package.ts'
import { RedisTcp } from '../../worker-pool/redis-tcp.ts'
import { ownRedis } from '../support/own-redis.ts'
import { processEnv } from '../support/process-env.ts'

const MODEL = 'efficientnet-lite0'

/** Less than a pool's wait for jobs (30 s): a pool that sat it out would not end well. */
const DRAIN_SECONDS = '25'

/** What an edge and an observer see of a queue under a fresh key prefix. All ends with the test. */
class TestQueue {
  readonly keys: RedisKeys
  readonly redis: Redis
  readonly producer: RedisJobProducer
  readonly #url: string

  private constructor(url: string, keys: RedisKeys, tcp: RedisTcp) {
    this.#url = url
    this.keys = keys
    this.redis = new Redis(url, { protocol: 2 })
    const policy = { maxBacklog: 1_000, deadlineMs: 600_000, resultTtlMs: 60_000 }
    this.producer = new RedisJobProducer(tcp, this.keys, policy)
    onTestFinished(() => {
      tcp.close()
      this.redis.disconnect()
    })
  }

  static async open(
    url: string = inject('redisUrl'),
    keys = new RedisKeys(`test:${crypto.randomUUID()}:`),
  ): Promise<TestQueue> {
    return new TestQueue(url, keys, await RedisTcp.connect(url))
  }

  /** A pool as a process of its own, ready to serve. */
  async startPool(env: Record<string, string> = {}): Promise<NodeService> {
    const folder = await mkdtemp(join(tmpdir(), 'edgebatch-pool-'))
    const pool = await startService({
      name: 'worker-pool',
      entry: 'worker-pool/main.ts',
      folder,
      env: { ...poolEnv(this.#url, this.keys.prefix), ...env },
    })
    onTestFinished(async () => {
      await pool.kill()
      await rm(folder, { recursive: true })
    })
    return pool
  }

  /** Enqueues jobs. `settled` resolves once a pool has told of the end of each. */
  async enqueue(jobs: readonly NewJob[]): Promise<{ settled: Promise<Job[]> }> {
    const listener = this.redis.duplicate()
    onTestFinished(() => listener.disconnect())
    const open = new Set(jobs.map(({ id }) => this.keys.done(MODEL, id)))
    await listener.subscribe(...open)
    const allTold = new Promise<void>((resolve) => {
      listener.on('message', (channel) => {
        open.delete(channel)
        if (open.size === 0) resolve()
      })
    })
    for (const job of jobs) expect((await this.producer.enqueue(job)).outcome).toBe('queued')
    return { settled: allTold.then(() => this.read(jobs)) }
  }

  async read(jobs: readonly NewJob[]): Promise<Job[]> {
    const found = await Promise.all(jobs.map(({ id }) => this.producer.read(id)))
    return found.filter((job) => job !== undefined)
  }

  /** Until some client waits in a read: a pool of this queue, if the Redis is this test's own. */
  async untilAPoolWaits(): Promise<void> {
    while (!/^blocked_clients:[1-9]/m.test(await this.redis.info('clients')));
  }

  /** Entries handed to a pool and not settled. */
  async inFlight(): Promise<number> {
    const [count] = (await this.redis.xpending(this.keys.queue(MODEL), 'pool')) as [number]
    return count
  }
}

function poolEnv(redisUrl: string, keyPrefix: string): Record<string, string> {
  const small = { MAX_BATCH_SIZE: '4', INTRA_OP_THREADS: '1', DRAIN_SECONDS }
  return { ...processEnv(), ...small, REDIS_URL: redisUrl, KEY_PREFIX: keyPrefix }
}

/** A job with an image of its own. */
function newJob(seed: number, overrides: Partial<NewJob> = {}): NewJob {
  return {
    id: newJobId(MODEL),
    model: MODEL,
    modelVersion: '1',
    input: { kind: 'tensor', dtype: 'uint8', shape: [224, 224, 3], encoding: 'base64' },
    payload: Buffer.from(pattern(seed, 2 * seed + 3, 29)).toString('base64'),
    requestId: 'test',
    ...overrides,
  }
}

/** The images that reference.json describes by a formula. */
function pattern(a: number, b: number, d: number): Uint8Array {
  return Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / 672), Math.floor(i / 3) % 224, i % 3]
    return (y * a + x * b + c * d) % 256
  })
}

const jobs = (count: number) => Array.from({ length: count }, (_, i) => newJob(i + 1))

describe('a pool', () => {
  test('announces its model before it says that it is ready', async () => {
    const queue = await TestQueue.open()
    const pool = await queue.startPool()
    const { manifest } = await loadModelPackage('models/efficientnet-lite0')
    expect(await queue.producer.models()).toEqual([manifest])
    expect(pool.ready).toMatchObject({ model: MODEL, version: manifest.version })
  })

  test('serves jobs that were there before it and jobs that come after', async () => {
    const queue = await TestQueue.open()
    const before = await queue.enqueue(jobs(6))
    await queue.startPool()
    const early = await before.settled
    const late = await (await queue.enqueue(jobs(3))).settled
    for (const job of [...early, ...late]) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
    expect(early).toHaveLength(6)
    expect(late).toHaveLength(3)
    // The same images in other batches have the same labels.
    const labels = (job: Job) => job.predictions?.map(({ label }) => label)
    expect(late.map(labels)).toEqual(early.slice(0, 3).map(labels))
    expect(await queue.redis.xlen(queue.keys.queue(MODEL))).toBe(0)
  })

  test('gives each job the answer for its own image, as PyTorch gave it', async () => {
    const cases = reference.cases.flatMap(({ input, ...answer }) =>
      input.formula ? [{ ...answer, image: pattern(input.a ?? 0, input.b ?? 0, input.d ?? 0) }] : [],
    )
    expect(cases.length).toBeGreaterThan(1)
    const queue = await TestQueue.open()
    const { settled } = await queue.enqueue(
      cases.map(({ image }) => newJob(0, { payload: Buffer.from(image).toString('base64') })),
    )
    await queue.startPool()
    for (const [i, job] of (await settled).entries()) {
      const expected = cases[i]
      expect(job.predictions?.map(({ index }) => index)).toEqual(expected?.indices)
      job.predictions?.forEach(({ probability }, rank) => {
        expect(Math.abs(probability - (expected?.probabilities[rank] ?? Number.NaN))).toBeLessThan(1e-4)
      })
    }
  })

  test('fails a job that is no image, and only that one of its batch', async () => {
    const queue = await TestQueue.open()
    const whole = newJob(1).payload
    const batch = [
      newJob(1),
      newJob(2, { payload: `${whole.slice(0, 100)}!${whole.slice(101)}` }),
      newJob(3, { input: { kind: 'tensor', dtype: 'uint8', shape: [299, 299, 3], encoding: 'base64' } }),
      newJob(4),
    ]
    const { settled } = await queue.enqueue(batch)
    await queue.startPool()
    const failure = { status: 'failed', error: 'unreadable-input' }
    // The batch size shows that the good ones did run together.
    const success = { status: 'succeeded', batch_size: 2 }
    expect(await settled).toMatchObject([success, failure, failure, success])
    expect(await queue.inFlight()).toBe(0)
  })

  test('waits for a Redis that went away, and serves again', async () => {
    const first = await ownRedis()
    const before = await TestQueue.open(first.url)
    const pool = await before.startPool()
    await (await before.enqueue(jobs(1))).settled
    await first.stop()

    const second = await ownRedis(Number(new URL(first.url).port))
    const after = await TestQueue.open(second.url, before.keys)
    const [job] = await (await after.enqueue(jobs(1))).settled
    expect(job).toMatchObject({ status: 'succeeded' })
    process.kill(pool.pid, 'SIGTERM')
    expect(await pool.endedByItself).toContain('ended (exit 0)')
  })
})

describe('a pool that is told to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s while it waits for jobs ends well at once',
    async (signal) => {
      const queue = await TestQueue.open((await ownRedis()).url)
      const pool = await queue.startPool()
      await queue.untilAPoolWaits()
      process.kill(pool.pid, signal)
      expect(await pool.endedByItself).toContain('ended (exit 0)')
    },
  )

  test('settles what it was handed, and leaves the rest to others', async () => {
    const queue = await TestQueue.open((await ownRedis()).url)
    const pool = await queue.startPool()
    await queue.untilAPoolWaits()
    // Jobs and the signal come while it is frozen: when it goes on, Redis has already handed out the first.
    process.kill(pool.pid, 'SIGSTOP')
    const all = jobs(20)
    const { settled } = await queue.enqueue(all)
    expect(await queue.inFlight()).toBe(1)
    process.kill(pool.pid, 'SIGTERM')
    process.kill(pool.pid, 'SIGCONT')
    expect(await pool.endedByItself).toContain('ended (exit 0)')

    const [first, ...others] = await queue.read(all)
    expect(first).toMatchObject({ status: 'succeeded', attempt: 1 })
    const left = others.filter(({ status, attempt }) => status === 'queued' && attempt === 0)
    const done = others.filter(({ status }) => status === 'succeeded')
    expect(left.length + done.length).toBe(others.length)
    expect(left.length).toBeGreaterThan(0)
    expect(await queue.inFlight()).toBe(0)
    expect(await queue.redis.xlen(queue.keys.queue(MODEL))).toBe(left.length)

    await queue.startPool()
    for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  test('in the midst of its work leaves no job half done', async () => {
    const queue = await TestQueue.open()
    const all = jobs(40)
    const { settled } = await queue.enqueue(all)
    const first = queue.redis.duplicate()
    onTestFinished(() => first.disconnect())
    await first.psubscribe(`${queue.keys.prefix}*`)
    const firstSettled = new Promise((resolve) => first.once('pmessage', resolve))
    const pool = await queue.startPool()
    await firstSettled
    process.kill(pool.pid, 'SIGTERM')
    expect(await pool.endedByItself).toContain('ended (exit 0)')

    const statuses = (await queue.read(all)).map(({ status }) => status)
    const queued = statuses.filter((status) => status === 'queued').length
    const succeeded = statuses.filter((status) => status === 'succeeded').length
    expect(queued + succeeded).toBe(all.length)
    expect(succeeded).toBeGreaterThan(0)
    expect(await queue.inFlight()).toBe(0)
    expect(await queue.redis.xlen(queue.keys.queue(MODEL))).toBe(queued)

    await queue.startPool()
    for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  })
})

describe('a pool that cannot start ends with exit 1 and one line', () => {
  /** Runs a pool until it ends by itself. An undefined variable is not set at all. */
  async function runPool(env: Record<string, string | undefined>): Promise<{ code: number; stderr: string }> {
    const all = { ...poolEnv('redis://127.0.0.1:1', 'test:'), ...env }
    const options = { cwd: PROJECT_ROOT, env: all }
    return new Promise((resolve) => {
      execFile(process.execPath, ['worker-pool/main.ts'], options, (error, _, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stderr }),
      )
    })
  }

  test.each<[string, Record<string, string | undefined>, string]>([
    ['without a Redis', { REDIS_URL: undefined }, 'REDIS_URL is not set (see the environment)'],
    [
      'with a wrong setting',
      { MAX_BATCH_SIZE: 'many' },
      'MAX_BATCH_SIZE: must be a whole number above 0 (see the environment)',
    ],
    [
      'without its model',
      { MODEL_DIR: 'models/no-such-model' },
      'models/no-such-model/model.json: there is no such file',
    ],
  ])('%s', async (_, env, reason) => {
    expect(await runPool(env)).toEqual({ code: 1, stderr: `worker-pool: ${reason}\n` })
  })

  test('when nobody answers at the address of Redis, without giving its password away', async () => {
    const address = `127.0.0.1:${await freePort()}`
    expect(await runPool({ REDIS_URL: `redis://:secret@${address}` })).toEqual({
      code: 1,
      stderr: `worker-pool: cannot reach Redis at ${address}: connect ECONNREFUSED ${address}\n`,
    })
  })
})
