import { execFile } from 'node:child_process'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { freePort } from '../../local-stack/free-port.ts'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import reference from '../../models/efficientnet-lite0/1/reference.json' with { type: 'json' }
import type { Job } from '../../shared/job.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { packageDecoding } from '../support/model-package.ts'
import { ownRedis } from '../support/own-redis.ts'
import { MODEL, newJob, newJobs, PoolQueue, pattern, poolEnv, QUEUE } from '../support/pool-queue.ts'

describe('a pool', () => {
  test('announces its model before it says that it is ready', async () => {
    const queue = await PoolQueue.open()
    const pool = await queue.startPool()
    const { manifest } = await loadModelPackage('models/efficientnet-lite0/1')
    expect(await queue.producer.models()).toMatchObject([{ manifest, pools: [expect.any(String)] }])
    expect(pool.ready).toMatchObject({ models: [`${MODEL}@1`] })
  })

  test('tells how fast it drains a version before its first job', async () => {
    const queue = await PoolQueue.open()
    await queue.startPool()
    expect((await queue.producer.models())[0]?.drainRate).toBeGreaterThan(0)
  })

  test('serves jobs that were there before it and jobs that come after', async () => {
    const queue = await PoolQueue.open()
    const before = await queue.enqueue(newJobs(6))
    await queue.startPool()
    const early = await before.settled
    const late = await (await queue.enqueue(newJobs(3))).settled
    for (const job of [...early, ...late]) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
    expect(early).toHaveLength(6)
    expect(late).toHaveLength(3)
    // The same images in other batches have the same labels.
    const labels = (job: Job) => job.predictions?.map(({ label }) => label)
    expect(late.map(labels)).toEqual(early.slice(0, 3).map(labels))
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(0)
  })

  test('serves on though its log cannot be written', async () => {
    const queue = await PoolQueue.open()
    const pool = await queue.startPool({}, '/dev/full')
    const [settled] = await (await queue.enqueue([newJob(1)])).settled
    expect(settled).toMatchObject({ status: 'succeeded' })
    await pool.stop()
  })

  test('gives each job the answer for its own image, as PyTorch gave it', async () => {
    const cases = reference.cases.flatMap(({ input, ...answer }) =>
      input.formula ? [{ ...answer, image: pattern(input.a ?? 0, input.b ?? 0, input.d ?? 0) }] : [],
    )
    expect(cases.length).toBeGreaterThan(1)
    const queue = await PoolQueue.open()
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
    const queue = await PoolQueue.open()
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
    const before = await PoolQueue.open(first.url)
    const pool = await before.startPool()
    await (await before.enqueue(newJobs(1))).settled
    await first.stop()

    const second = await ownRedis(Number(new URL(first.url).port))
    const after = await PoolQueue.open(second.url, before.keys)
    const [job] = await (await after.enqueue(newJobs(1))).settled
    expect(job).toMatchObject({ status: 'succeeded' })
    process.kill(pool.pid, 'SIGTERM')
    expect(await pool.endedByItself).toContain('ended (exit 0)')
  })
})

describe('a pool that is told to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s while it waits for jobs ends well at once',
    async (signal) => {
      const queue = await PoolQueue.open((await ownRedis()).url)
      const pool = await queue.startPool()
      await queue.untilAPoolWaits()
      process.kill(pool.pid, signal)
      expect(await pool.endedByItself).toContain('ended (exit 0)')
    },
  )

  test('settles what it was handed, and leaves the rest to others', async () => {
    const queue = await PoolQueue.open((await ownRedis()).url)
    const pool = await queue.startPool()
    await queue.untilAPoolWaits()
    // Jobs and the signal come while it is frozen: when it goes on, Redis has already handed out the first.
    process.kill(pool.pid, 'SIGSTOP')
    const all = newJobs(20)
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
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(left.length)

    await queue.startPool()
    for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  test('in the midst of its work leaves no job half done', async () => {
    const queue = await PoolQueue.open()
    const all = newJobs(40)
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
    expect(await queue.redis.xlen(queue.keys.queue(QUEUE))).toBe(queued)

    await queue.startPool()
    for (const job of await settled) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  })

  test('while Redis is away ends all the same, once its time is over', async () => {
    const redis = await ownRedis()
    const queue = await PoolQueue.open(redis.url)
    const pool = await queue.startPool({ DRAIN_SECONDS: '1' })
    await redis.stop()
    process.kill(pool.pid, 'SIGTERM')
    expect(await pool.endedByItself).toContain('not stopped within 1 s (DRAIN_SECONDS)')
  })

  test('twice at once, as a terminal and npm do, still drains', async () => {
    const redis = await ownRedis()
    const queue = await PoolQueue.open(redis.url)
    const pool = await queue.startPool({ DRAIN_SECONDS: '1' })
    // Without it the pool takes all its time to drain.
    await redis.stop()
    process.kill(pool.pid, 'SIGINT')
    await pool.untilLogged(/"msg":"stopping"/)
    process.kill(pool.pid, 'SIGINT')
    expect(await pool.endedByItself).toContain('not stopped within 1 s (DRAIN_SECONDS)')
  })

  test('again and again ends at once', async () => {
    const redis = await ownRedis()
    const queue = await PoolQueue.open(redis.url)
    const pool = await queue.startPool({ DRAIN_SECONDS: '600' })
    await redis.stop()
    const stopped = pool.stop().then(() => true)
    const soon = () => new Promise<false>((resolve) => setImmediate(resolve, false))
    while (!(await Promise.race([stopped, soon()]))) void pool.stop()
    await pool.untilLogged(/told to stop again: ending at once/)
  })
})

describe('a pool that cannot start ends with one line, and with exit 78 where starting again would change nothing', () => {
  /** Runs a pool until it ends by itself. An undefined variable is not set at all. */
  async function runPool(env: Record<string, string | undefined>): Promise<{ code: number; stderr: string }> {
    const all = { ...poolEnv(inject('redisUrl'), 'test:'), ...env }
    const options = { cwd: PROJECT_ROOT, env: all }
    return new Promise((resolve) => {
      execFile(process.execPath, ['worker-pool/main.ts'], options, (error, _, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stderr }),
      )
    })
  }

  test.each<[string, Record<string, string | undefined>, string]>([
    [
      'without a Redis',
      { REDIS_URL: undefined },
      'REDIS_URL is not set (settings: docs/reference/settings.md)',
    ],
    [
      'with a wrong setting',
      { MAX_BATCH_SIZE: 'many' },
      'MAX_BATCH_SIZE: must be a whole number above 0 (settings: docs/reference/settings.md)',
    ],
    [
      'without its model',
      { MODEL_DIR: 'models/no-such-model' },
      'models/no-such-model/model.json: there is no such file',
    ],
  ])('%s', async (_, env, reason) => {
    expect(await runPool(env)).toEqual({ code: 78, stderr: `worker-pool: ${reason}\n` })
  })

  test('when nobody answers at the address of Redis, without giving its password away', async () => {
    const address = `127.0.0.1:${await freePort()}`
    expect(await runPool({ REDIS_URL: `redis://:secret@${address}` })).toEqual({
      code: 1,
      stderr: `worker-pool: cannot reach Redis at ${address}: connect ECONNREFUSED ${address}; start Redis, or correct REDIS_URL\n`,
    })
  })

  test('when Redis refuses the queue of its model, to be started again', async () => {
    const queue = await PoolQueue.open()
    await queue.redis.set(queue.keys.queue(QUEUE), 'no queue')
    expect(await runPool({ KEY_PREFIX: queue.keys.prefix })).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^worker-pool: WRONGTYPE .*\n$/),
    })
  })

  test('when its sharp decodes none of the types that its model wants decoded here', async () => {
    const { folder, remove } = await packageDecoding({ at: 'auto', formats: ['heic', 'jxl'] })
    onTestFinished(remove)
    expect(await runPool({ MODEL_DIR: folder })).toEqual({
      code: 78,
      stderr: expect.stringMatching(/^worker-pool: .*HEIC, JPEG XL.*JPEG, PNG, WebP, GIF, AVIF, TIFF\n$/),
    })
  })
})
