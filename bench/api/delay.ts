import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { Stack } from '../../local-stack/stack.ts'
import type { ClaimedJob } from '../../shared/job-queue.ts'
import type { PublicJob } from '../../shared/public-job.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import type { BenchSetup } from '../bench-setup.ts'
import type { Row } from '../report.ts'
import { percentile } from '../statistics.ts'
import { withStack } from './bench-stack.ts'

/** How long each job takes: by then, polling has come to its longest steps. */
const JOB_MS = 3_000
/** Jobs at once; few, so that the machine is idle when results come. */
const AT_ONCE = 4

/** From the stored result to the answer, for callers who wait long. The bench itself plays the pool. */
export async function measureDelay(setup: BenchSetup, waits: number): Promise<Row[]> {
  const delays: Record<string, number[]> = {}
  for (const push of ['auto', 'off']) {
    setup.onProgress(`delay: push ${push}`)
    delays[push] = await withStack(setup, { pools: 0, edge: { RESULT_PUSH: push } }, (stack) =>
      delaysOf(setup, stack, waits),
    )
  }
  const rows = (name: string, values: number[]) =>
    [50, 95].map((p): Row => {
      const metric = `result stored -> answered, p${p}`
      return { case: name, metric, value: percentile(values, p), unit: 'ms', reference: null, ratio: null }
    })
  return [
    ...rows(`waited ${JOB_MS} ms, by push`, delays.auto ?? []),
    ...rows(`waited ${JOB_MS} ms, by polling`, delays.off ?? []),
  ]
}

const IDLE = { busy: {}, idleSeconds: 0 }

async function delaysOf({ model, signal }: BenchSetup, stack: Stack, waits: number): Promise<number[]> {
  const redis = await RedisTcp.connect(stack.redisUrl)
  const { manifest } = model
  const queue = { model: manifest.name, version: manifest.version }
  const identity = { poolId: 'bench', poolTtlMs: 600_000, manifestTtlMs: 600_000 }
  const consumer = new RedisJobConsumer(redis, new RedisKeys('eb:'), identity)
  const load = { device: 'bench', inFlight: 0, imagesPerSecond: 0, startedAt: 0, drainRates: {}, ...IDLE }
  await consumer.announce({ manifests: [manifest], withdrawn: [], load })
  const reader = await consumer.open(queue)
  const done = new AbortController()
  const serving = (async () => {
    while (!done.signal.aborted) {
      const { entries } = await reader.take(AT_ONCE, 500)
      const claimed = (await consumer.claim(queue, entries)).jobs.filter((job) => job !== undefined)
      for (const job of claimed) void sleep(JOB_MS).then(() => settle(consumer, queue, job))
    }
  })()
  try {
    const photo = await readFile(join(PROJECT_ROOT, 'examples', 'cat.jpg'))
    const delays: number[] = []
    while (delays.length < waits) {
      signal.throwIfAborted()
      delays.push(...(await Promise.all(Array.from({ length: AT_ONCE }, () => delayOf(stack, photo)))))
    }
    return delays
  } finally {
    done.abort()
    await serving
    reader.close()
    redis.close()
  }
}

async function settle(
  consumer: RedisJobConsumer,
  queue: { model: string; version: string },
  job: ClaimedJob,
): Promise<void> {
  await consumer.settle(queue, [{ job, result: { status: 'failed', code: 'inference-failed' } }])
}

/** The bench and Redis read the same clock, whole milliseconds. */
async function delayOf(stack: Stack, photo: Buffer): Promise<number> {
  const body = new FormData()
  body.append('image', new Blob([new Uint8Array(photo)]), 'cat.jpg')
  const response = await fetch(`${stack.edge.url}/predict`, {
    method: 'POST',
    body,
    headers: { prefer: 'wait=60' },
  })
  const job = (await response.json()) as PublicJob
  const answeredAt = Date.now()
  if (!job.completed_at) throw new Error(`the job is ${job.status}`)
  return answeredAt - Date.parse(job.completed_at)
}
