import { childProcess, cpuMs } from '../../local-stack/cpu-time.ts'
import type { ModelManifest } from '../../shared/model-manifest.ts'
import { modelManifestSchema } from '../../shared/model-manifest.ts'
import { RedisJobConsumer } from '../../shared/redis-job-consumer.ts'
import { RedisTcp } from '../../worker-pool/redis/redis-tcp.ts'
import { type IsolateMemory, inspectIsolate } from '../support/isolate-inspector.ts'
import { announcementOf } from '../support/known-models.ts'
import { type TestStack, testStack } from '../support/stack.ts'

/** What an upload came to: the answer, and what it cost. */
export interface Outcome {
  readonly status: number
  readonly contentType: string
  /** Of the answer: a job, or a problem. */
  readonly body: { readonly id?: string; readonly code?: string; readonly status?: unknown }
  /** Milliseconds of the whole workerd process, its compiler and garbage collector included. */
  readonly cpuMs: number
}

export interface EdgeUnderAttack {
  readonly stack: TestStack
  /** POST /predict, answered as soon as the job is accepted. */
  send: (request: RequestInit) => Promise<Outcome>
  heap: () => Promise<number>
  memory: () => Promise<IsolateMemory>
  /** What the edge made of a photo it has accepted. */
  tensorOf: (id: string) => Promise<string | null>
  close: () => Promise<void>
}

/** Small tensors, so that thousands of accepted jobs fit into Redis. */
const MODEL: ModelManifest = modelManifestSchema.parse({
  name: 'tiny',
  version: '1',
  task: 'classification',
  input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [32, 32, 3] },
  resize: { mode: 'cover', size: 32, crop: 32, kernel: 'cubic' },
  outputs: { probabilities: 'p', indices: 'i' },
})

/** The real edge in workerd, with gateway and Redis; no pool, as nothing needs to be inferred, and no cache: each photo has a tensor. */
export async function edgeUnderAttack(): Promise<EdgeUnderAttack> {
  const stack = await testStack({
    pools: 0,
    inspect: true,
    edgeBindings: { MAX_BACKLOG: '100000', CACHE_TTL_SECONDS: '0' },
  })
  const redis = await RedisTcp.connect(stack.redisUrl)
  const identity = { poolId: 'none', poolTtlMs: 600_000, manifestTtlMs: 600_000 }
  await new RedisJobConsumer(redis, stack.keys, identity).announce(announcementOf(MODEL))
  const workerd = await childProcess(stack.edge.service.pid, 'workerd')
  const inspector = await inspectIsolate(String(stack.edge.service.ready.inspectorUrl), 'edgebatch')
  return {
    stack,
    send: (request) => send(stack, workerd, request),
    heap: inspector.heap,
    memory: inspector.memory,
    tensorOf: (id) => stack.redis.get(stack.keys.input(MODEL.name, id)),
    close: async () => {
      inspector.close()
      redis.close()
      await stack.close()
    },
  }
}

async function send({ edge }: TestStack, workerd: number, request: RequestInit): Promise<Outcome> {
  const before = await cpuMs(workerd)
  const headers = { prefer: 'respond-async', ...request.headers }
  const response = await fetch(`${edge.url}/predict`, { method: 'POST', ...request, headers })
  const text = await response.text()
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: JSON.parse(text),
    cpuMs: (await cpuMs(workerd)) - before,
  }
}
