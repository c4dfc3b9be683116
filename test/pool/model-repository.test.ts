import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ModelDirectory } from '../../edge/model-directory.ts'
import { systemClock } from '../../shared/clock.ts'
import type { Job } from '../../shared/job.ts'
import { newJobId } from '../../shared/job-id.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import { float32Elements } from '../../shared/tensor-value.ts'
import { temporaryFolder, writePackage, writePackageInto } from '../support/package-folders.ts'
import { PoolQueue } from '../support/pool-queue.ts'
import { embeddingGraph, largestGraph, SIDE } from '../support/small-models.ts'

const MEAN = { files: { 'model.onnx': embeddingGraph } }

const MAX = { files: { 'model.onnx': largestGraph } }
const NO_GRAPH = { files: { 'model.onnx': 'no graph' } }

/** Red of the four pixels is 0, 0, 0 and 200. */
const PIXELS = Buffer.from([0, 1, 1, 0, 1, 1, 0, 1, 1, 200, 1, 1])

function newJob(version: string): NewJob {
  return {
    ...{ id: newJobId('small'), model: 'small', modelVersion: version, requestId: 'test', watched: true },
    input: { kind: 'tensor', dtype: 'uint8', shape: [SIDE, SIDE, 3], encoding: 'base64' },
    payload: PIXELS.toString('base64'),
  }
}

/** Which graph ran. */
function ranBy(job: Job | undefined): string | undefined {
  const red = job?.embedding && float32Elements(job.embedding)[0]
  return red === 200 ? 'max' : red === 50 ? 'mean' : undefined
}

/** Callers of a pool's models, each of whom waits for its result. */
class Callers {
  readonly queue: PoolQueue
  readonly jobs: NewJob[] = []
  readonly #directory: ModelDirectory
  readonly #settled = new Map<string, () => void>()
  #stopped = false

  private constructor(queue: PoolQueue) {
    this.queue = queue
    this.#directory = new ModelDirectory(queue.producer, systemClock, undefined)
  }

  static async of(queue: PoolQueue): Promise<Callers> {
    const callers = new Callers(queue)
    const listener = queue.redis.duplicate()
    onTestFinished(() => listener.disconnect())
    await listener.psubscribe(`${queue.keys.prefix}*:done:*`)
    listener.on('pmessage', (_, channel: string) => callers.#settled.get(channel)?.())
    return callers
  }

  /** Several at a time, who take whatever version an edge would give them, until they are stopped. Resolves with all their jobs. */
  async callOnAndOn(): Promise<Job[]> {
    const caller = async () => {
      while (!this.#stopped)
        await this.call((await this.#directory.choose({ model: 'small' }, () => true)).version)
    }
    await Promise.all(Array.from({ length: 4 }, caller))
    return this.queue.read(this.jobs)
  }

  stop(): void {
    this.#stopped = true
  }

  async call(version: string): Promise<Job | undefined> {
    const job = newJob(version)
    const settled = new Promise<void>((resolve) => {
      this.#settled.set(this.queue.keys.done('small', job.id), resolve)
    })
    this.jobs.push(job)
    expect((await this.queue.producer.enqueue(job)).outcome).toBe('queued')
    await settled
    return this.queue.producer.read(job.id)
  }

  /** Calls again and again until a job fits. */
  async callUntil(version: string, fits: (job: Job | undefined) => boolean): Promise<void> {
    while (!fits(await this.call(version)));
  }

  /** Asks again and again what pools announce, until these versions it is. */
  async untilServed(...versions: string[]): Promise<void> {
    const served = async () =>
      (await this.queue.producer.models()).map(({ manifest }) => manifest.version).sort()
    while ((await served()).join() !== versions.join());
  }
}

const servingAll = (root: string) => ({ MODEL_DIR: '', MODEL_REPOSITORY: root, MODEL_SCAN_SECONDS: '1' })

test('no job is lost while a version is replaced, another is added and the first is removed', async () => {
  const root = await temporaryFolder()
  await writePackage(root, 'small@1', MEAN)
  const queue = await PoolQueue.open()
  const callers = await Callers.of(queue)
  const pool = await queue.startPool(servingAll(root))
  expect(pool.ready).toMatchObject({ models: ['small@1'] })
  const all = callers.callOnAndOn()

  await writePackage(root, 'small@1', MAX)
  await callers.callUntil('1', (job) => ranBy(job) === 'max')
  await writePackage(root, 'small@2', MEAN)
  await callers.untilServed('1', '2')
  await rm(join(root, 'small', '1'), { recursive: true })
  await callers.untilServed('2')
  // An edge may not have heard of it yet.
  for (let i = 0; i < 5; i++) expect(ranBy(await callers.call('1'))).toBe('max')
  expect(ranBy(await callers.call('2'))).toBe('mean')
  callers.stop()

  const jobs = await all
  expect(jobs).toHaveLength(callers.jobs.length)
  for (const job of jobs) expect(job).toMatchObject({ status: 'succeeded', attempt: 1 })
  process.kill(pool.pid, 'SIGTERM')
  expect(await pool.endedByItself).toContain('ended (exit 0)')
  expect(await queue.producer.models()).toMatchObject([{ manifest: { version: '2' }, pools: [] }])
  for (const version of ['1', '2'])
    expect(await queue.redis.xlen(queue.keys.queue({ model: 'small', version }))).toBe(0)
})

test('a copy that cannot be loaded leaves the old one at work, and others are taken up beside it', async () => {
  const root = await temporaryFolder()
  await writePackage(root, 'small@1', MEAN)
  const queue = await PoolQueue.open()
  const callers = await Callers.of(queue)
  await queue.startPool(servingAll(root))
  await writePackage(root, 'small@1', NO_GRAPH)
  await writePackage(root, 'small@2', MAX)
  await callers.untilServed('1', '2')
  expect(ranBy(await callers.call('1'))).toBe('mean')
  await writePackage(root, 'small@1', MAX)
  await callers.callUntil('1', (job) => ranBy(job) === 'max')
})

test('a folder whose version is replaced by one that cannot be loaded goes on with the old version, until there is a good one', async () => {
  const folder = await writePackageInto(join(await temporaryFolder(), 'mine'), 'small@1', MEAN)
  const queue = await PoolQueue.open()
  const callers = await Callers.of(queue)
  const pool = await queue.startPool({ MODEL_DIR: folder, MODEL_SCAN_SECONDS: '1' })
  await writePackageInto(folder, 'small@2', NO_GRAPH)
  await pool.untilLogged(/model\.onnx: ONNX Runtime cannot load it/)
  expect(ranBy(await callers.call('1'))).toBe('mean')
  expect(await queue.producer.models()).toMatchObject([{ manifest: { version: '1' } }])
  await writePackageInto(folder, 'small@2', MAX)
  await callers.untilServed('2')
  expect(ranBy(await callers.call('2'))).toBe('max')
})

test('a version whose queue Redis refuses is served once it does not, and the pool goes on meanwhile', async () => {
  const root = await temporaryFolder()
  await writePackage(root, 'small@1', MEAN)
  const queue = await PoolQueue.open()
  const callers = await Callers.of(queue)
  const pool = await queue.startPool(servingAll(root))
  const key = queue.keys.queue({ model: 'small', version: '2' })
  await queue.redis.set(key, 'no queue')
  await writePackage(root, 'small@2', MAX)
  await pool.untilLogged(/WRONGTYPE/)
  expect(ranBy(await callers.call('1'))).toBe('mean')
  await queue.redis.del(key)
  await callers.untilServed('1', '2')
  expect(ranBy(await callers.call('2'))).toBe('max')
})

test('a package that was copied under another name and then renamed is taken up whole', async () => {
  const root = await temporaryFolder()
  await writePackage(root, 'small@1', MEAN)
  const queue = await PoolQueue.open()
  const callers = await Callers.of(queue)
  await queue.startPool(servingAll(root))
  const unfinished = await writePackage(root, 'small@2.part', { files: { 'model.json': '' } })
  const whole = await writePackage(await temporaryFolder(), 'small@2', MEAN)
  await rm(unfinished, { recursive: true })
  await rename(whole, join(root, 'small', '2'))
  await callers.untilServed('1', '2')
  expect(ranBy(await callers.call('2'))).toBe('mean')
})

test('a pool serves what it can of what is there, and says the rest', async () => {
  const root = await temporaryFolder()
  await writePackage(root, 'small@1', MEAN)
  await writePackage(root, 'small@2', NO_GRAPH)
  const queue = await PoolQueue.open()
  expect((await queue.startPool(servingAll(root))).ready).toMatchObject({ models: ['small@1'] })

  await writeFile(join(root, 'small', '1', 'model.json'), '{}')
  await expect(queue.startPool(servingAll(root))).rejects.toThrow(
    /no model package can be served:\n- .*small\/1\/model\.json:(.|\n)*\n- .*small\/2\/model\.onnx/,
  )
})
