import * as z from 'zod'
import { portNumber, positiveInteger, redisUrl, upTo } from '../shared/read-configuration.ts'
import { gatewayToken } from './tokens.ts'

const MIB = 2 ** 20

/** The gateway's environment variables. */
export const gatewayEnvSchema = z.object({
  /** redis:// or rediss:// address of the Redis to serve. */
  REDIS_URL: redisUrl,
  /** What clients must send as `Authorization: Bearer`; needed unless GATEWAY_TOKENS has tokens. */
  GATEWAY_TOKEN: gatewayToken.optional(),
  /** A second token, that may only read. */
  GATEWAY_READONLY_TOKEN: gatewayToken.optional(),
  /** More tokens: JSON, or the path of a file with it. See gateway/tokens.ts. */
  GATEWAY_TOKENS: z.string().optional(),
  /** The address it listens on; 0.0.0.0 lets others than this machine ask. */
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  /** Its port; 0 takes any free one. */
  GATEWAY_PORT: portNumber.default(8079),
  /** Streams of /subscribe open at once; each holds a connection, and up to 1 MiB while its reader is behind. */
  GATEWAY_MAX_SUBSCRIPTIONS: positiveInteger.default(5_000),
  /** Of them, those of one token; no fewer than all unless this says so. */
  GATEWAY_MAX_SUBSCRIPTIONS_PER_TOKEN: positiveInteger.optional(),
  /** `true`: tokens that may do more than read may ask for /monitor, which shows what everybody sends to Redis. */
  GATEWAY_ALLOW_MONITOR: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true'),
  /** Connections beside those of /subscribe; what is more is cut off at once. */
  GATEWAY_MAX_CONNECTIONS: positiveInteger.default(5_000),
  /** How long the headers of a request may take to arrive. */
  GATEWAY_HEADERS_SECONDS: upTo(3_600).default(10),
  /** How long all of a request may take to arrive: an edge gives up sooner. */
  GATEWAY_REQUEST_SECONDS: upTo(3_600).default(60),
  /** Commands in one request. */
  GATEWAY_MAX_PIPELINE: positiveInteger.default(10_000),
  /** Bytes of one answer; what comes to more is an error. */
  GATEWAY_MAX_ANSWER_BYTES: positiveInteger.default(32 * MIB),
  /** Bytes of all answers that clients have not read yet; beyond it no replies are taken from Redis until they have. Of several tokens, one has half. */
  GATEWAY_MAX_UNREAD_BYTES: positiveInteger.default(64 * MIB),
  /** Bytes of all requests' bodies in work at once; more of them wait for their turn. Of several tokens, one has half. */
  GATEWAY_MAX_BODY_BYTES: positiveInteger.default(32 * MIB),
  /** Port of /metrics, /live and /ready; 0 takes any free port. Not set: no metrics, and the other two on GATEWAY_PORT only. */
  GATEWAY_METRICS_PORT: portNumber.optional(),
  /** Whoever reaches it reads the metrics: it asks for no token. */
  GATEWAY_METRICS_HOST: z.string().default('127.0.0.1'),
  /** What is logged at least. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
export type GatewayEnv = z.infer<typeof gatewayEnvSchema>
