import jpegTurbo from '@cwasm/jpeg-turbo/jpeg-turbo.wasm'
import squooshPng from '@jsquash/png/codec/pkg/squoosh_png_bg.wasm'
import { systemClock } from '../shared/clock.ts'
import { ConfigurationError, readConfiguration } from '../shared/read-configuration.ts'
import { RedisJobProducer } from '../shared/redis-job-producer.ts'
import { RedisKeys } from '../shared/redis-keys.ts'
import { createApp } from './app.ts'
import type { EdgeApp } from './edge-context.ts'
import { edgeEnvSchema } from './env.ts'
import libwebp from './image/libwebp/libwebp.wasm'
import { DEFAULT_IMAGE_LIMITS, photoToTensor } from './image/photo-to-tensor.ts'
import { createWasmCodecs } from './image/wasm-codecs.ts'
import { RedisRest } from './redis-rest.ts'

/** Entry: the edge on Cloudflare Workers. */
export default {
  fetch(request: Request, bindings: Record<string, unknown>, execution: ExecutionContext) {
    try {
      return appFor(bindings).fetch(request, bindings, execution)
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      console.error({ message: 'the edge is not configured', settings: error.message })
      return Response.json({ title: 'The service is not configured', status: 503 }, { status: 503 })
    }
  },
}

/** One app an isolate: bindings do not change while it lives. */
let app: EdgeApp | undefined

function appFor(bindings: Record<string, unknown>): EdgeApp {
  app ??= buildApp(bindings)
  return app
}

function buildApp(bindings: Record<string, unknown>): EdgeApp {
  const env = readConfiguration(edgeEnvSchema, bindings)
  const codecs = createWasmCodecs({ jpeg: jpegTurbo, png: squooshPng, webp: libwebp })
  const redis = new RedisRest({
    url: env.UPSTASH_REDIS_REST_URL,
    token: env.UPSTASH_REDIS_REST_TOKEN,
    timeoutMs: env.REDIS_TIMEOUT_MS,
  })
  return createApp({
    queue: new RedisJobProducer(redis, new RedisKeys(env.KEY_PREFIX), {
      maxBacklog: env.MAX_BACKLOG,
      deadlineMs: env.JOB_DEADLINE_SECONDS * 1000,
      resultTtlMs: env.RESULT_TTL_SECONDS * 1000,
    }),
    photoToTensor: (bytes, resize) => photoToTensor(bytes, resize, codecs, DEFAULT_IMAGE_LIMITS),
    clock: systemClock,
    random: Math.random,
    logFailure: (failure) => console.error(failure),
    defaultModel: env.DEFAULT_MODEL,
    defaultWaitSeconds: env.DEFAULT_WAIT_SECONDS,
    uploads: {
      maxBytes: env.MAX_UPLOAD_BYTES,
      maxBytesHeld: env.MAX_UPLOAD_BYTES_HELD,
      maxMs: env.MAX_UPLOAD_SECONDS * 1000,
      places: env.MAX_CONCURRENT_UPLOADS,
      maxWaitMs: env.MAX_UPLOAD_WAIT_SECONDS * 1000,
    },
  })
}
