import { pino } from 'pino'
import { expect, inject, onTestFinished } from 'vitest'
import { systemClock } from '../../shared/clock.ts'
import type { Job } from '../../shared/job.ts'
import type { NewJob } from '../../shared/job-queue.ts'
import type { PhotoDecoder } from '../../shared/photo-decoder.ts'
import { PRIORITIES } from '../../shared/priority.ts'
import type { PoolIdentity } from '../../shared/redis-job-consumer.ts'
import { bucketsUpTo } from '../../worker-pool/batching/buckets.ts'
import { ExclusiveTurn } from '../../worker-pool/leases/exclusive-turn.ts'
import { loadModelPackage } from '../../worker-pool/models/model-package.ts'
import { observeWithAll, type SettledJob } from '../../worker-pool/observe/pool-observer.ts'
import { PayloadReader } from '../../worker-pool/redis/payload-reader.ts'
import { createUntilGranted } from '../../worker-pool/redis/until-granted.ts'
import { ServedModel } from '../../worker-pool/served-model.ts'
import { type Graph, onnxModel } from './onnx-graph.ts'
import { MODEL, newTestJob, QUEUE, type TestQueue } from './queue.ts'
import { cast, IMAGE, smallPackage, value } from './small-models.ts'
import { untilBlocked } from './until-blocked.ts'

export const node = (op: string, inputs: string[], outputs: string[], attributes = {}) => ({
  op,
  inputs,
  outputs,
  attributes,
})
export const int64 = (name: string, ...data: bigint[]) => ({
  name,
  dims: [data.length],
  data: BigInt64Array.from(data),
})
export const scalar = (name: string, data: bigint) => ({ name, dims: [], data: BigInt64Array.of(data) })

/** Each image's mean red, green and blue, by nodes that begin with `floats` and end with `embedding`. */
export function embedding(nodes: Graph['nodes'], initializers: Graph['initializers'] = []): Uint8Array {
  const mean = [
    cast('image', 'floats', 'float32'),
    node('ReduceMean', ['floats'], ['mean'], { axes: [1, 2], keepdims: 0 }),
  ]
  return onnxModel({
    inputs: [IMAGE],
    outputs: [value('embedding', 'float32', 'N', 3)],
    nodes: [...mean, ...nodes],
    initializers,
  })
}
export const plain = embedding([node('Identity', ['mean'], ['embedding'])])

/** Multiplies matrices of 15 times as many rows as an image's red is bright: 300 billion operations for white, next to none for 1. */
export const slowOnBright = embedding(
  [
    node('Slice', ['mean', 'from', 'to', 'axis'], ['red']),
    node('ReduceMax', ['red'], ['brightest'], { keepdims: 0 }),
    cast('brightest', 'level', 'int64'),
    node('Mul', ['level', 'rows'], ['size']),
    node('ConstantOfShape', ['size'], ['m1']),
    node('MatMul', ['m1', 'm1'], ['m2']),
    node('MatMul', ['m2', 'm1'], ['m3']),
    node('MatMul', ['m3', 'm1'], ['m4']),
    node('ReduceMax', ['m4'], ['nothing'], { keepdims: 0 }),
    node('Add', ['mean', 'nothing'], ['embedding']),
  ],
  [int64('from', 0n), int64('to', 1n), int64('axis', 1n), int64('rows', 15n, 15n)],
)

interface Serving {
  graph?: Uint8Array
  serving?: object
  maxBatchSize?: number
  padded?: boolean
  photos?: PhotoDecoder
  elapsed?: () => number
  url?: string
  leaseMs?: number
  instanceEntry?: URL
  identity?: Partial<PoolIdentity>
}

/** A model served from this process. Batches that it settled: how many images each had, and how many rows were run. */
export async function serve(
  queue: TestQueue,
  {
    graph = plain,
    serving = {},
    maxBatchSize = 8,
    padded = false,
    photos,
    elapsed,
    url,
    leaseMs = 30_000,
    instanceEntry,
    identity = {},
  }: Serving = {},
) {
  const { folder, remove } = await smallPackage(
    { name: MODEL, task: 'embedding', outputs: { embedding: 'embedding' }, serving },
    { 'model.onnx': graph },
  )
  onTestFinished(remove)
  const payloads = await PayloadReader.connect(url ?? inject('redisUrl'))
  onTestFinished(() => payloads.close())
  const log = pino({ level: 'silent' })
  const poolId = crypto.randomUUID()
  const batches: [size: number, bucket: number][] = []
  const failed: [reason: string | undefined, outcome: string][] = []
  const ignore = () => {}
  const observer = {
    ...{
      modelServed: ignore,
      modelGone: ignore,
      jobsFailed: (_: unknown, jobs: readonly SettledJob[]) =>
        void failed.push(
          ...jobs.map(({ failure, outcome }): [string | undefined, string] => [failure, outcome]),
        ),
      jobsReleased: ignore,
      attemptsLost: ignore,
      pendingChanged: ignore,
    },
    batchSettled: ({ size, bucket }: { size: number; bucket: number }) => void batches.push([size, bucket]),
  }
  const served = await ServedModel.start(
    {
      modelPackage: await loadModelPackage(folder),
      session: { providers: ['cpu'], intraOpThreads: 1, deviceId: undefined, strict: true },
      buckets: bucketsUpTo(maxBatchSize),
      padded,
    },
    {
      ...{ consumer: (await queue.consumer(poolId, identity)).consumer, payloads, photos, log },
      observer: observeWithAll([observer], (error) => {
        throw error
      }),
      clock: systemClock,
      untilGranted: createUntilGranted(systemClock, log),
      elapsed: elapsed ?? (() => performance.now()),
      ...{ turn: new ExclusiveTurn(), leaseMs, random: Math.random },
      ...(instanceEntry && { instanceEntry }),
    },
  )
  let drained: Promise<void> | undefined
  const drain = (deadline?: AbortSignal) => (drained ??= served.drain(deadline))
  onTestFinished(() => drain())
  return { served, batches, failed, drain, poolId }
}

/** A job whose pixels all have this value. */
export const job = (pixel: number, overrides: Partial<NewJob> = {}) =>
  newTestJob({ payload: Buffer.alloc(12, pixel).toString('base64'), ...overrides })

export async function enqueue(
  queue: TestQueue,
  jobs: readonly NewJob[],
): Promise<() => Promise<(Job | undefined)[]>> {
  const listener = queue.redis.duplicate()
  onTestFinished(() => listener.disconnect())
  const open = new Set(jobs.map(({ id }) => queue.keys.done(MODEL, id)))
  await listener.subscribe(...open)
  const told = new Promise<void>((resolve) => {
    listener.on('message', (channel) => {
      open.delete(channel)
      if (open.size === 0) resolve()
    })
  })
  for (const one of jobs) expect((await queue.producer.enqueue(one)).outcome).toBe('queued')
  return async () => {
    await told
    return Promise.all(jobs.map(({ id }) => queue.producer.read(id)))
  }
}

/** Puts jobs that were enqueued aside, before any pool is there. What it returns hands them to the pool that waits by then, in one answer. */
export async function putAside(
  { redis, keys }: TestQueue,
  jobs: readonly NewJob[],
): Promise<(poolId: string) => Promise<void>> {
  for (const priority of PRIORITIES) await redis.xtrim(keys.queue(QUEUE, priority), 'MAXLEN', 0)
  return async (poolId) => {
    await untilBlocked(redis)
    const handOut = redis.multi()
    for (const [i, { id, priority }] of jobs.entries()) {
      const entry = `${Date.now() + 3_600_000 + i}-0`
      handOut.xadd(keys.queue(QUEUE, priority), entry, 'job', id, 'deadline', '0')
      handOut.hset(keys.job(MODEL, id), 'entry', entry)
    }
    for (const priority of PRIORITIES)
      handOut.xreadgroup('GROUP', 'pool', poolId, 'STREAMS', keys.queue(QUEUE, priority), '>')
    await handOut.exec()
    const clients = (await redis.client('LIST')) as string
    await redis.client('KILL', 'ID', Number(/^id=(\d+) .* flags=b /m.exec(clients)?.[1]))
  }
}

/** What the model says of an image, or why the job failed. */
export function outcome(settled: Job | undefined): string | number[] | undefined {
  if (!settled?.embedding) return settled?.error ?? settled?.status
  const bytes = Buffer.from(settled.embedding.data, 'base64')
  return [...new Float32Array(Uint8Array.from(bytes).buffer)]
}
