import * as z from 'zod'
import { modelNameSchema } from '../shared/model-manifest.ts'
import { portNumber, positiveInteger } from '../shared/read-configuration.ts'

/** The edge's settings. On Workers: variables in wrangler.toml, and the two that name Redis as secrets. */
export const edgeEnvSchema = z.object({
  /** Upstash's REST URL, or a gateway's. */
  UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  /** Must equal the worker pools'. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
  /** The model of requests that name none. Without it, such requests work while there is just one model. */
  DEFAULT_MODEL: modelNameSchema.optional(),
  /**
   * Jobs of one model, waiting or in flight, at which uploads are refused. At 200 kB each, 1,000 take 200 MB of Redis. It counts
   * jobs and not bytes: where a model takes encoded photos, each may have 4/3 of MAX_ENCODED_BYTES.
   */
  MAX_BACKLOG: positiveInteger.default(1_000),
  /** A job that has no result by then is expired. */
  JOB_DEADLINE_SECONDS: positiveInteger.max(86_400, { error: 'must be 86400 (a day) at most' }).default(300),
  /** How long a result can be read. */
  RESULT_TTL_SECONDS: positiveInteger
    .max(2_592_000, { error: 'must be 2592000 (30 days) at most' })
    .default(3_600),
  /** How long POST /predict waits for the result where the request does not say. */
  DEFAULT_WAIT_SECONDS: z.coerce.number().int().min(0).max(60).default(30),
  MAX_UPLOAD_BYTES: positiveInteger.default(10 * 1024 * 1024),
  /**
   * The most bytes of a photo that travels to the pool encoded, for models that allow it. In base64 it is a third larger, and
   * must fit what Redis takes in one request: 10 MB at Upstash, 10 MiB at our gateway.
   */
  MAX_ENCODED_BYTES: positiveInteger.default(7 * 1024 * 1024),
  /** All uploads together that one isolate holds in memory; beyond it, uploads are refused. */
  MAX_UPLOAD_BYTES_HELD: positiveInteger.default(48 * 1024 * 1024),
  /** How long an upload may take to arrive. */
  MAX_UPLOAD_SECONDS: positiveInteger.default(60),
  /** Uploads that one isolate decodes and enqueues at the same time; the others wait, at most so long. */
  MAX_CONCURRENT_UPLOADS: positiveInteger.default(8),
  MAX_UPLOAD_WAIT_SECONDS: positiveInteger.default(30),
  /** One call to Redis, retries included, is given up after this; one with a large photo has a second more a megabyte. */
  REDIS_TIMEOUT_MS: positiveInteger.default(2_000),
})
export type EdgeEnv = z.infer<typeof edgeEnvSchema>

/** What it takes in addition where Node serves it. */
export const nodeEdgeEnvSchema = edgeEnvSchema.extend({
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  PORT: portNumber.default(8787),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
