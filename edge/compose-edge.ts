import { type Clock, systemClock } from '../shared/clock.ts'
import type { ImageType } from '../shared/image-type.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { RedisApiKeys } from '../shared/redis-api-keys.ts'
import { RedisBatches } from '../shared/redis-batches.ts'
import { RedisDeadLetters } from '../shared/redis-dead-letters.ts'
import { RedisHistory } from '../shared/redis-history.ts'
import { RedisJobProducer } from '../shared/redis-job-producer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { RedisStatistics } from '../shared/redis-statistics.ts'
import { createApp } from './app.ts'
import type { EdgeApp, EdgeDeps } from './edge-context.ts'
import type { EdgeEnv } from './env.ts'
import { RedisRest } from './redis-rest.ts'
import { RestResultPush } from './result-push.ts'

/** What differs from one runtime to another. */
export interface RuntimeParts
  extends Pick<EdgeDeps, 'logFailure' | 'stopping' | 'consoleAssets' | 'requests'> {
  decodePhoto: PhotoDecoder
  /** The types that `decodePhoto` takes. */
  decodedTypes: readonly ImageType[]
  /** The system's, but in tests. */
  clock?: Clock
}

/** The edge as its settings say. For entry files. */
export function composeEdge(env: EdgeEnv, parts: RuntimeParts): EdgeApp {
  return createApp(composeDeps(env, parts))
}

/** All that is the same wherever it runs. */
export function composeDeps(
  env: EdgeEnv,
  { decodePhoto, decodedTypes, clock = systemClock, ...parts }: RuntimeParts,
): EdgeDeps {
  const address = { url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN }
  const rawBytes = env.RAW_INPUTS === 'auto'
  const redis = new RedisRest({ ...address, timeoutMs: env.REDIS_TIMEOUT_MS, rawBytes }, clock)
  const keys = new RedisKeys(env.KEY_PREFIX)
  return {
    ...parts,
    apiKeys: new RedisApiKeys(redis, keys),
    allowAnonymous: env.ALLOW_ANONYMOUS,
    queue: new RedisJobProducer(redis, keys, {
      maxBacklog: env.MAX_BACKLOG,
      maxBacklogBytes: env.MAX_BACKLOG_MIB * 2 ** 20,
      deadlineMs: env.JOB_DEADLINE_SECONDS * 1000,
      resultTtlMs: env.RESULT_TTL_SECONDS * 1000,
      tombstoneMs: env.TOMBSTONE_SECONDS * 1000,
    }),
    batches: new RedisBatches(redis, keys, env.TOMBSTONE_SECONDS * 1000),
    statistics: new RedisStatistics(redis, keys),
    deadLetters: new RedisDeadLetters(redis, keys),
    history: new RedisHistory(redis, keys),
    publicOrigin: env.PUBLIC_URL,
    maxBacklog: env.MAX_BACKLOG,
    keptWarmSeconds: env.SCALE_TO_ZERO_AFTER_SECONDS,
    photos: { decodePhoto, decodedTypes, maxEncodedBytes: env.MAX_ENCODED_BYTES },
    maxImages: env.MAX_IMAGES_PER_CALL,
    webhookUrls: { allowPrivate: env.WEBHOOK_ALLOW_PRIVATE },
    corsOrigins: env.CORS_ORIGINS,
    clock,
    random: Math.random,
    defaultModel: env.DEFAULT_MODEL,
    defaultDeadlineSeconds: env.JOB_DEADLINE_SECONDS,
    cacheTtlSeconds: env.CACHE_TTL_SECONDS,
    push: env.RESULT_PUSH === 'off' ? undefined : new RestResultPush(address, clock),
    defaultWaitSeconds: env.DEFAULT_WAIT_SECONDS,
    uploads: {
      maxBytes: env.MAX_UPLOAD_BYTES,
      maxBytesHeld: env.MAX_UPLOAD_BYTES_HELD,
      maxMs: env.MAX_UPLOAD_SECONDS * 1000,
      places: env.MAX_CONCURRENT_UPLOADS,
      maxWaitMs: env.MAX_UPLOAD_WAIT_SECONDS * 1000,
    },
  }
}
