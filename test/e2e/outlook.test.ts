import { join } from 'node:path'
import { afterEach, expect, inject, onTestFinished, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { ClaimedJob, QueueReader } from '../../shared/job-queue.ts'
import { versionId } from '../../shared/model-reference.ts'
import type { PublicBatch } from '../../shared/public-batch.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { IDLE } from '../support/known-models.ts'
import { example } from '../support/photos.ts'
import { MODEL, type TestStack, testStack } from '../support/stack.ts'

const QUEUE = { model: MODEL, version: '1' }
/** Jobs a second of the pool that the test plays. */
const RATE = 20
const JOBS = 100

let stack: TestStack
afterEach(() => stack?.close())

/** A pool that serves exactly as fast as it says: the test tells when a second has passed. */
class SteadyPool {
  readonly #consumer: RedisJobConsumer
  readonly #reader: QueueReader

  private constructor(consumer: RedisJobConsumer, reader: QueueReader) {
    this.#consumer = consumer
    this.#reader = reader
  }

  static async join({ keys }: TestStack): Promise<SteadyPool> {
    const redis = await RedisTcp.connect(inject('redisUrl'))
    const identity = { poolId: 'steady', poolTtlMs: 600_000, manifestTtlMs: 600_000 }
    const consumer = new RedisJobConsumer(redis, keys, identity)
    const { manifest } = await loadModelPackage(join(PROJECT_ROOT, 'models', MODEL, '1'))
    const load = { ...IDLE, device: 'test' }
    const drainRates = { [versionId(manifest)]: RATE }
    await consumer.announce({ manifests: [manifest], withdrawn: [], load: { ...load, drainRates } })
    const reader = await consumer.open(QUEUE)
    onTestFinished(() => {
      reader.close()
      redis.close()
    })
    return new SteadyPool(consumer, reader)
  }

  async secondPasses(): Promise<void> {
    let left = RATE
    while (left > 0) {
      const { entries } = await this.#reader.take(left, 100)
      if (entries.length === 0) return
      const claimed = (await this.#consumer.claim(QUEUE, entries)).jobs.filter((job) => job !== undefined)
      await this.#consumer.settle(
        QUEUE,
        claimed.map((job: ClaimedJob) => ({ job, result: { status: 'failed', code: 'inference-failed' } })),
      )
      left -= claimed.length
    }
  }
}

test('place and time to wait come true, second after second, and Retry-After goes with them', async () => {
  stack = await testStack({ pools: 0 })
  const pool = await SteadyPool.join(stack)
  const submit = async () =>
    (await (
      await stack.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })
    ).json()) as PublicJob
  const jobs: PublicJob[] = []
  for (let i = 0; i < JOBS; i++) jobs.push(await submit())
  expect(jobs.map(({ queue_position }) => queue_position)).toEqual(
    Array.from({ length: JOBS }, (_, i) => i + 1),
  )

  const last = jobs.at(-1) as PublicJob
  expect(last.eta_seconds).toBeCloseTo(JOBS / RATE, 1)
  for (let passed = 0; passed < JOBS / RATE; passed++) {
    const response = await stack.get(`/result/${last.id}`)
    const { status, eta_seconds, queue_position } = (await response.json()) as PublicJob
    expect(status).toBe('queued')
    const really = JOBS / RATE - passed
    expect(queue_position).toBe(JOBS - passed * RATE)
    expect(Math.abs((eta_seconds ?? 0) - really) / really).toBeLessThan(0.3)
    expect(response.headers.get('retry-after')).toBe(String(Math.ceil(eta_seconds ?? 0)))
    await pool.secondPasses()
  }
  expect((await stack.get(`/result/${last.id}`)).status).toBe(200)
})

test('each job of a batch has its place and time, too', async () => {
  stack = await testStack({ pools: 0 })
  await SteadyPool.join(stack)
  for (let i = 0; i < 40; i++)
    await stack.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })
  const image = example('cat.jpg').toString('base64')
  const response = await fetch(`${stack.edge.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'respond-async' },
    body: JSON.stringify({ images: [image, image, image] }),
  })
  expect(response.status).toBe(202)
  for (const answer of [response, await stack.get(response.headers.get('location') ?? '')]) {
    const { items } = (await answer.json()) as PublicBatch
    const places = items.map(({ job }) => job?.queue_position)
    expect(places.toSorted()).toEqual([41, 42, 43])
    expect(items.map(({ job }) => job?.eta_seconds)).toEqual(
      places.map((place) => Math.ceil((10 * (place ?? 0)) / RATE) / 10),
    )
    expect(answer.headers.get('retry-after')).toBe('3')
  }
})

test('where no pool is there, neither is made up', async () => {
  stack = await testStack({ pools: 1 })
  await stack.pools[0]?.stop()
  const response = await stack.predict(example('cat.jpg'), { headers: { prefer: 'respond-async' } })
  expect(await response.json()).toMatchObject({ queue_position: 1, eta_seconds: null })
  expect(response.headers.get('retry-after')).toBe('1')
})
