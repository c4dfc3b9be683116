import * as z from 'zod'
import { ConfigurationError, readConfiguration, redisUrl } from '../../shared/read-configuration.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { Environment } from '../environment.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { commandOverRest, commandOverTcp, type RedisCommander } from './redis-commands.ts'

const settingsSchema = z.object({
  REDIS_URL: redisUrl.optional(),
  /** As the edge has them. */
  UPSTASH_REDIS_REST_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .refine(hasNoCredentials, {
      error: 'must be an address alone; the token goes into UPSTASH_REDIS_REST_TOKEN',
    })
    .optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
  /** Must equal the edge's. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
})

/** Works on the Redis that the environment names, with the keys of its deployment. Throws UserError. */
export async function withRedis<T>(
  environment: Environment,
  { stopped }: Pick<Terminal, 'stopped'>,
  work: (redis: RedisCommander, keys: RedisKeys) => Promise<T>,
): Promise<T> {
  const settings = readRedisSettings(environment)
  const redis = await connect(settings, stopped)
  try {
    return await work(redis, new RedisKeys(settings.KEY_PREFIX))
  } finally {
    await redis.close()
  }
}

/** Whether the environment names a Redis. */
export function namesRedis({ REDIS_URL, UPSTASH_REDIS_REST_URL }: Environment): boolean {
  return Boolean(REDIS_URL || UPSTASH_REDIS_REST_URL)
}

export type RedisSettings = z.infer<typeof settingsSchema>

/** Throws UsageError. */
export function readRedisSettings(environment: Environment): RedisSettings {
  try {
    return readConfiguration(settingsSchema, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message.replaceAll('\n', '; '))
    throw error
  }
}

async function connect(settings: RedisSettings, stopped: AbortSignal): Promise<RedisCommander> {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings
  if (REDIS_URL !== undefined) return commandOverTcp(REDIS_URL, stopped)
  if (url !== undefined && token !== undefined) return commandOverRest(url, token, stopped)
  throw new UsageError(
    'which Redis? Set REDIS_URL (npm start prints it), or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN as the edge has them',
  )
}

/** What a request does not take, and would be repeated where it says so. */
function hasNoCredentials(url: string): boolean {
  const parsed = URL.parse(url)
  return !parsed?.username && !parsed?.password
}
