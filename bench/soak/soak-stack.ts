import { join } from 'node:path'
import { Redis } from 'ioredis'
import { bundleEdge, type EdgeBundle } from '../../local-stack/edge-bundle.ts'
import { freePort } from '../../local-stack/free-port.ts'
import { startStack } from '../../local-stack/stack.ts'
import { type ApiKeyRecord, apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import { type BenchSetup, poolSettings } from '../bench-setup.ts'
import { isolateMiB } from './isolate-memory.ts'
import type { SoakOptions } from './options.ts'
import { partsOf } from './processes.ts'
import { StackWatch } from './stack-watch.ts'

/** A job's deadline, how long its result is kept, and for how long it is then known that there was one: short, to see them end. */
export const DEADLINE_SECONDS = 60
const RESULT_TTL_SECONDS = 30
const TOMBSTONE_SECONDS = 1
/** Calls send photos that Redis does not know: the cache is only written. */
const CACHE_TTL_SECONDS = 30
/** After the last job was accepted, all that is a job's is gone. Redis sweeps up at leisure what nobody asks for. */
export const FORGOTTEN_AFTER_SECONDS = DEADLINE_SECONDS + RESULT_TTL_SECONDS + TOMBSTONE_SECONDS + 10
/** Over this time an API key's rate is counted. */
const RATE_WINDOW_SECONDS = 2

export interface SoakStack {
  edgeUrl: string
  redis: Redis
  keys: RedisKeys
  watch: StackWatch
  /** With a rate. */
  apiKey: string
}

export interface StackLimits {
  maxBacklog: number
  uploadWaitSeconds: number
  /** Calls a second that an API key allows. */
  keyRate: number
}

/** The edge's bundle for `withSoakStack`, made once; none where the edge is not in workerd. */
export async function edgeBundle(
  { folder, env }: BenchSetup,
  { edge }: SoakOptions,
): Promise<EdgeBundle | undefined> {
  return edge === 'workerd' ? bundleEdge(join(folder, 'edge-bundle'), env) : undefined
}

/** A local stack of the soak's own; stopped after `work`. Rejects as soon as a part of it ends by itself. */
export async function withSoakStack<T>(
  setup: BenchSetup,
  { edge, pools }: SoakOptions,
  bundle: EdgeBundle | undefined,
  { maxBacklog, uploadWaitSeconds, keyRate }: StackLimits,
  work: (stack: SoakStack) => Promise<T>,
): Promise<T> {
  const stack = await startStack({
    ...{ folder: setup.folder, edgePort: 0, edgeRuntime: edge, pools, bundle },
    env: { ...setup.env, INSPECTOR_PORT: String(await freePort()) },
    edgeBindings: {
      ALLOW_ANONYMOUS: 'true',
      MAX_BACKLOG: String(maxBacklog),
      JOB_DEADLINE_SECONDS: String(DEADLINE_SECONDS),
      RESULT_TTL_SECONDS: String(RESULT_TTL_SECONDS),
      TOMBSTONE_SECONDS: String(TOMBSTONE_SECONDS),
      CACHE_TTL_SECONDS: String(CACHE_TTL_SECONDS),
      MAX_UPLOAD_WAIT_SECONDS: String(uploadWaitSeconds),
    },
    poolEnv: poolSettings(setup, 32),
  })
  const redis = new Redis(stack.redisUrl, { protocol: 2 })
  const keys = new RedisKeys('eb:')
  try {
    const apiKey = await storeKey(redis, keys, keyRate)
    const { inspectorUrl } = stack.edge.service.ready
    const isolate = inspectorUrl === undefined ? undefined : () => isolateMiB(String(inspectorUrl))
    const watch = new StackWatch(await partsOf(stack, redis, edge), redis, isolate)
    const broken = stack.endedByItself.then((what) => Promise.reject(new Error(what)))
    return await Promise.race([work({ edgeUrl: stack.edge.url, redis, keys, watch, apiKey }), broken])
  } finally {
    redis.disconnect()
    await stack.stop()
  }
}

/** Redis is told as the command line would. */
async function storeKey(redis: Redis, keys: RedisKeys, keyRate: number): Promise<string> {
  const { id, token } = newApiKey()
  const record: ApiKeyRecord = {
    ...{ id, name: 'soak', sha256: await apiKeyDigest(token), models: null, priorities: ['normal'] },
    rate: {
      limit: Math.max(1, Math.round(keyRate * RATE_WINDOW_SECONDS)),
      window_seconds: RATE_WINDOW_SECONDS,
    },
    ...{ admin: false, created_at: new Date().toISOString(), expires_at: null },
  }
  await redis.hset(keys.apiKeys(), id, JSON.stringify(record))
  return token
}
