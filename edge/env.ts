import * as z from 'zod'
import { modelReferenceSchema } from '../shared/model-reference.ts'
import { portNumber, positiveInteger, upTo } from '../shared/read-configuration.ts'
import { DEFAULT_IMAGE_LIMITS, type ImageLimits } from './image/image-limits.ts'

const { maxPixels, maxDecoderBytes, maxFrames, maxScans } = DEFAULT_IMAGE_LIMITS

const amount = (max: number) =>
  z.coerce
    .number({ error: 'must be a number' })
    .positive({ error: 'must be above 0' })
    .max(max, { error: `must be ${max} at most` })
const megapixels = amount(1_000)
const mebibytes = amount(1_024)

/**
 * What a photo may cost to decode at the edge, checked against its header before anything is allocated. What is above can go
 * on to the pool encoded, where the model allows it. edge/image/image-limits.ts says what the defaults are made for.
 */
const imageLimitSettings = {
  /** Width x height of a stored JPEG, in millions. */
  MAX_JPEG_MEGAPIXELS: megapixels.default(maxPixels.jpeg / 1e6),
  /** The same of a PNG. */
  MAX_PNG_MEGAPIXELS: megapixels.default(maxPixels.png / 1e6),
  /** The same of a WebP. */
  MAX_WEBP_MEGAPIXELS: megapixels.default(maxPixels.webp / 1e6),
  /** The same of a GIF. */
  MAX_GIF_MEGAPIXELS: megapixels.default(maxPixels.gif / 1e6),
  /** Memory that JPEG's decoder may take for one image, in MiB. Each type's decoder keeps what it has taken: they add up. */
  MAX_JPEG_DECODER_MIB: mebibytes.default(maxDecoderBytes.jpeg / 2 ** 20),
  /** The same for PNG. */
  MAX_PNG_DECODER_MIB: mebibytes.default(maxDecoderBytes.png / 2 ** 20),
  /** The same for WebP, whose decoder ends at 28 MiB, whatever is set here. */
  MAX_WEBP_DECODER_MIB: mebibytes.default(maxDecoderBytes.webp / 2 ** 20),
  /** The same for GIF. */
  MAX_GIF_DECODER_MIB: mebibytes.default(maxDecoderBytes.gif / 2 ** 20),
  /** Frames of a GIF or WebP, of which the first is taken. */
  MAX_IMAGE_FRAMES: positiveInteger.default(maxFrames),
  /** Scans of a progressive JPEG. */
  MAX_JPEG_SCANS: positiveInteger.default(maxScans),
}

const flag = z.enum(['true', 'false'], { error: 'must be true or false' })
const isTrue = (text: 'true' | 'false') => text === 'true'

const ANY_ORIGIN = '*'

/** `*`, or a list of origins with commas between them. */
const corsOrigins = z
  .string()
  .default(ANY_ORIGIN)
  .transform((text) => text.split(',').map((origin) => origin.trim()))
  .refine((origins) => origins.every((origin) => origin === ANY_ORIGIN || isOrigin(origin)), {
    error:
      'must be * or origins like https://example.com (scheme and host, no slash at the end), with commas between them',
  })
  .transform((origins) => (origins.includes(ANY_ORIGIN) ? ANY_ORIGIN : origins))

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

/** The edge's settings. On Workers: variables in wrangler.toml, and the two that name Redis as secrets. */
export const edgeEnvSchema = z.object({
  /** Upstash's REST URL, or a gateway's. */
  UPSTASH_REDIS_REST_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
  /** Its token, of a user who may do what the edge does. A secret. */
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1),
  /** Must equal the worker pools'. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
  /** `true`: who sends no API key is served too. Otherwise nobody is until there are keys: `npx edgebatch keys create`. */
  ALLOW_ANONYMOUS: flag.default('false').transform(isTrue),
  /**
   * Scheme and host that callers use, for the addresses in answers and webhooks; unset: those of each request. Behind a proxy that ends TLS it
   * takes this for them to begin with https.
   */
  PUBLIC_URL: z
    .string()
    .refine(isOrigin, {
      error: 'must be scheme and host, like https://api.example.com, without a slash at the end',
    })
    .optional(),
  /** `true`: webhooks may go to http:// and to private addresses, for receivers in a network of one's own. The pools have to say so, too. */
  WEBHOOK_ALLOW_PRIVATE: flag.default('false').transform(isTrue),
  /** The web pages that may call the API from a browser, by their origins. It is never told to send cookies along: API keys are headers. */
  CORS_ORIGINS: corsOrigins,
  /**
   * The model of requests that name none: `name`, or `name@version`, which is also the version of requests for this model that name
   * none. Without it, such requests work while there is just one model.
   */
  DEFAULT_MODEL: modelReferenceSchema.optional(),
  /**
   * Jobs of a model's version that would go before a new one (of its priority and above, waiting or in flight) at which it is refused. At 200 kB
   * each, 1,000 take 200 MB of Redis.
   */
  MAX_BACKLOG: positiveInteger.default(1_000),
  /** The same for the MiB of their inputs: where a model takes encoded photos, each may have 4/3 of MAX_ENCODED_BYTES. */
  MAX_BACKLOG_MIB: positiveInteger.default(512),
  /** A job that has no result by then is expired. */
  JOB_DEADLINE_SECONDS: positiveInteger.max(86_400, { error: 'must be 86400 (a day) at most' }).default(300),
  /** How long a result can be read. */
  RESULT_TTL_SECONDS: positiveInteger
    .max(2_592_000, { error: 'must be 2592000 (30 days) at most' })
    .default(3_600),
  /** How long after that it is still known that there was one: its address answers 410 then, and 404 later. */
  TOMBSTONE_SECONDS: upTo(600).default(600),
  /**
   * For so long a result will do for the same input of the same caller, where the model's manifest does not say; 0: not at all.
   */
  CACHE_TTL_SECONDS: z.coerce
    .number({ error: 'must be a number' })
    .int()
    .min(0)
    .max(86_400, { error: 'must be 86400 (a day) at most' })
    .default(300),
  /** How long POST /predict waits for the result where the request does not say. */
  DEFAULT_WAIT_SECONDS: z.coerce.number().int().min(0).max(60).default(30),
  /**
   * Images that one call may carry, each a job of its own. All of them together are one upload. Each takes a request to Redis, and so does each
   * look while the call waits: on Cloudflare's free plan, where a call has 50, more than 16 will not do.
   */
  MAX_IMAGES_PER_CALL: upTo(64).default(16),
  /**
   * Whether results that take longer are told of over the REST endpoint's /subscribe, where it has one; `off`: they are only polled for.
   */
  RESULT_PUSH: z.enum(['auto', 'off'], { error: 'must be auto or off' }).default('auto'),
  /**
   * `auto`: inputs go to Redis as the bytes they are, a quarter less than in base64, where the REST endpoint takes a script's last argument as a
   * request's body and leaves each byte as it is. Our gateway does; at Upstash itself it was not tried. `off`: always in base64.
   */
  RAW_INPUTS: z.enum(['auto', 'off'], { error: 'must be auto or off' }).default('off'),
  /** The most bytes of one upload, all its images together. */
  MAX_UPLOAD_BYTES: positiveInteger.default(10 * 1024 * 1024),
  /**
   * The most bytes of a photo that travels to the pool encoded, for models that allow it. In base64 it is a third larger, and
   * must fit what Redis takes in one request: 10 MB at Upstash, 10 MiB at our gateway.
   */
  MAX_ENCODED_BYTES: positiveInteger.default(7 * 1024 * 1024),
  /** All uploads together that one isolate holds in memory; beyond it, uploads are refused. */
  MAX_UPLOAD_BYTES_HELD: positiveInteger.default(48 * 1024 * 1024),
  /** How long an upload may take to arrive. */
  MAX_UPLOAD_SECONDS: upTo(3_600).default(60),
  /** Uploads that one isolate decodes and enqueues at the same time; the others wait. */
  MAX_CONCURRENT_UPLOADS: positiveInteger.default(8),
  /** How long they wait at most to be read, and again to be decoded; then they are told when to come back. */
  MAX_UPLOAD_WAIT_SECONDS: upTo(3_600).default(30),
  /**
   * One call to Redis, retries included, is given up after this; one with a large photo has a second more a megabyte. The first that is given
   * up is a request's last: with this default, who calls while Redis is away has the answer within 2 s.
   */
  REDIS_TIMEOUT_MS: upTo(60_000).default(1_800),
  /**
   * Machines are scaled to zero once no pool has settled a job for so long. Also on who scales by GET /stats. More than a machine takes to start
   * is worth it where the next caller would otherwise wait for one.
   */
  SCALE_TO_ZERO_AFTER_SECONDS: upTo(86_400).default(600),
  ...imageLimitSettings,
})
export type EdgeEnv = z.infer<typeof edgeEnvSchema>

export function imageLimitsOf(env: EdgeEnv): ImageLimits {
  return {
    ...DEFAULT_IMAGE_LIMITS,
    maxPixels: {
      jpeg: env.MAX_JPEG_MEGAPIXELS * 1e6,
      png: env.MAX_PNG_MEGAPIXELS * 1e6,
      webp: env.MAX_WEBP_MEGAPIXELS * 1e6,
      gif: env.MAX_GIF_MEGAPIXELS * 1e6,
    },
    maxDecoderBytes: {
      jpeg: env.MAX_JPEG_DECODER_MIB * 2 ** 20,
      png: env.MAX_PNG_DECODER_MIB * 2 ** 20,
      webp: env.MAX_WEBP_DECODER_MIB * 2 ** 20,
      gif: env.MAX_GIF_DECODER_MIB * 2 ** 20,
    },
    maxFrames: env.MAX_IMAGE_FRAMES,
    maxScans: env.MAX_JPEG_SCANS,
  }
}

/** What it takes in addition where Node serves it. */
export const nodeEdgeEnvSchema = edgeEnvSchema.extend({
  /** The address it listens on; 0.0.0.0 lets others than this machine ask. */
  HOST: z.string().default('127.0.0.1'),
  /** Its port; 0 takes any free one. */
  PORT: portNumber.default(8787),
  /** Where /metrics is served without an API key, for Prometheus alone to reach; unset: nowhere else than on PORT, for administrators. 0 takes any free port. */
  METRICS_PORT: portNumber.optional(),
  /** 0.0.0.0 lets others than this machine ask. */
  METRICS_HOST: z.string().default('127.0.0.1'),
  /** Open at once; what is more is cut off. */
  MAX_CONNECTIONS: positiveInteger.default(10_000),
  /** How long the headers of a request may take to arrive. */
  HEADERS_SECONDS: upTo(3_600).default(10),
  /** What is logged at least. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /**
   * How often the depth that machines are scaled by is published, as edge/scaling/env.ts says, which a Worker does every minute; unset: never.
   * Of several edges one will do.
   */
  SCALING_EVERY_SECONDS: upTo(3_600).optional(),
})
export type NodeEdgeEnv = z.infer<typeof nodeEdgeEnvSchema>
