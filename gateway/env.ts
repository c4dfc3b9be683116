import * as z from 'zod'
import { portNumber, positiveInteger, redisUrl } from '../shared/read-configuration.ts'

/** The gateway's environment variables. */
export const gatewayEnvSchema = z.object({
  /** redis:// or rediss:// address of the Redis to serve. */
  REDIS_URL: redisUrl,
  /** What clients must send as `Authorization: Bearer`. */
  GATEWAY_TOKEN: z.string().min(16, { error: 'must have at least 16 characters' }),
  GATEWAY_HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  GATEWAY_PORT: portNumber.default(8079),
  /** Streams of /subscribe open at once; each holds a connection, and up to 1 MiB while its reader is behind. */
  GATEWAY_MAX_SUBSCRIPTIONS: positiveInteger.default(5_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
