import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { inject, onTestFinished } from 'vitest'
import type { EdgeRuntime } from '../../local-stack/env.ts'
import { type Stack, startStack } from '../../local-stack/stack.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { QueuePlace } from './announced-pools.ts'
import { BUNDLED_MODEL, onlyModel } from './model-package.ts'
import { processEnv } from './process-env.ts'
import { redisUrlOf } from './redis-users.ts'

export const MODEL = 'efficientnet-lite0'

export interface TestStack extends Stack {
  keys: RedisKeys
  /** Where its logs are. */
  folder: string
  /** For looking at what is really there. */
  redis: Redis
  /** POST /predict with a file as the form's field `image`. */
  predict: (photo: Uint8Array, options?: PredictOptions) => Promise<Response>
  get: (path: string) => Promise<Response>
  close: () => Promise<void>
}

export interface PredictOptions {
  query?: string
  headers?: Record<string, string>
  fileName?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the edge of test stacks runs: the same tests are run for each. */
    edgeRuntime: EdgeRuntime
  }
}

export interface TestStackOptions {
  pools?: number
  edgeBindings?: Record<string, string>
  poolEnv?: Record<string, string>
  /** The run's Redis, by default. */
  redisUrl?: string
  /** Where the edge runs; by default where this run of the tests has it. */
  edgeRuntime?: EdgeRuntime
  /** Opens workerd's inspector: `edge.service.ready.inspectorUrl`. */
  inspect?: boolean
  /** Has workerd send cron events when it is asked to. */
  triggers?: boolean
}

/** The whole system as real processes, under a fresh key prefix. To be closed. */
export async function testStack({
  pools = 1,
  edgeBindings,
  poolEnv,
  redisUrl = inject('redisUrl'),
  edgeRuntime = inject('edgeRuntime'),
  inspect = false,
  triggers = false,
}: TestStackOptions = {}): Promise<TestStack> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-stack-'))
  const keys = new RedisKeys(`test:${crypto.randomUUID()}:`)
  const stack = await startStack({
    folder,
    edgePort: 0,
    edgeRuntime,
    pools,
    redisUrl,
    // What they lack the right to do would not work where somebody runs `npx edgebatch acl`.
    ...(redisUrl === inject('redisUrl') && { redisUrls: inject('redisUrls') }),
    env: { ...processEnv(), ...(inspect && { INSPECTOR_PORT: '0' }), ...(triggers && { TRIGGERS: 'yes' }) },
    bundle: inject('edgeBundle'),
    // Tests send the same photos over and over; those of the cache turn it on.
    edgeBindings: {
      KEY_PREFIX: keys.prefix,
      ALLOW_ANONYMOUS: 'true',
      CACHE_TTL_SECONDS: '0',
      ...edgeBindings,
    },
    // Small batches: a pool warms up every size it may run, and these stacks are started a hundred times.
    poolEnv: { KEY_PREFIX: keys.prefix, MAX_BATCH_SIZE: '8', ...onlyModel(BUNDLED_MODEL), ...poolEnv },
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  const redis = new Redis(redisUrl, { protocol: 2 })
  // Told by what is asked of it; a test may stop its Redis.
  redis.on('error', () => {})
  return {
    ...stack,
    keys,
    folder,
    redis,
    predict: (photo, options) => predict(stack.edge.url, photo, options),
    get: (path) => fetch(stack.edge.url + path),
    close: async () => {
      redis.disconnect()
      await stack.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Where its pools find their jobs, with their rights. */
export function poolsOf({ keys }: TestStack): QueuePlace {
  return { url: redisUrlOf('pool'), keys }
}

function predict(edgeUrl: string, photo: Uint8Array, options: PredictOptions = {}): Promise<Response> {
  const form = new FormData()
  form.append('image', new Blob([new Uint8Array(photo)]), options.fileName ?? 'photo.jpg')
  return fetch(`${edgeUrl}/predict${options.query ?? ''}`, {
    method: 'POST',
    body: form,
    headers: options.headers ?? {},
  })
}

/** One more pool, until the test ends: the next one finds the stack without it. */
export async function addPoolForTest(stack: TestStack): Promise<void> {
  const pool = await stack.addPool()
  onTestFinished(() => pool.stop())
}

/** A stack whose only pool has announced its model and gone: what it is sent stays queued until there is another. */
export async function stackWithoutPools(edgeBindings: Record<string, string> = {}): Promise<TestStack> {
  const started = await testStack({ pools: 1, edgeBindings })
  await started.pools[0]?.stop()
  return started
}
