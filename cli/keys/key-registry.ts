import * as z from 'zod'
import { type ApiKeyRecord, parseApiKeyRecord } from '../../shared/api-key.ts'
import { ConfigurationError, readConfiguration, redisUrl } from '../../shared/read-configuration.ts'
import { RedisKeys } from '../../shared/redis-keys.ts'
import type { Terminal } from '../terminal.ts'
import { UserError } from '../user-error.ts'
import { commandOverRest, commandOverTcp, type RedisCommander } from './redis-commands.ts'

/** Variables of the environment, by their names. */
export type Environment = Record<string, string | undefined>

const settingsSchema = z.object({
  REDIS_URL: redisUrl.optional(),
  /** As the edge has them. */
  UPSTASH_REDIS_REST_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
  /** Must equal the edge's. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
})

/** All API keys of one deployment: a hash in its Redis. */
export class KeyRegistry {
  readonly #redis: RedisCommander
  readonly #hash: string
  /** Where it is, for people. */
  readonly place: string

  constructor(redis: RedisCommander, hash: string) {
    this.#redis = redis
    this.#hash = hash
    this.place = `${hash} in Redis at ${redis.host}`
  }

  async add(record: ApiKeyRecord): Promise<void> {
    const added = await this.#redis.send('HSETNX', this.#hash, record.id, JSON.stringify(record))
    if (added !== 1) throw new UserError(`there is a key ${record.id} in ${this.place} already; try again`)
  }

  /** By id; undefined where a record cannot be read. */
  async all(): Promise<Map<string, ApiKeyRecord | undefined>> {
    const flat = (await this.#redis.send('HGETALL', this.#hash)) as string[]
    const found = new Map<string, ApiKeyRecord | undefined>()
    for (let i = 0; i < flat.length; i += 2)
      found.set(flat[i] as string, parseApiKeyRecord(flat[i + 1] as string))
    return found
  }

  /** Whether there was such a key. */
  async remove(id: string): Promise<boolean> {
    return (await this.#redis.send('HDEL', this.#hash, id)) === 1
  }
}

/** Works on the API keys of the Redis that the environment names. Throws UserError. */
export async function withKeys<T>(
  environment: Environment,
  { stopped }: Terminal,
  work: (keys: KeyRegistry) => Promise<T>,
): Promise<T> {
  const settings = readSettings(environment)
  const redis = await connect(settings, stopped)
  try {
    return await work(new KeyRegistry(redis, new RedisKeys(settings.KEY_PREFIX).apiKeys()))
  } finally {
    await redis.close()
  }
}

type Settings = z.infer<typeof settingsSchema>

function readSettings(environment: Environment): Settings {
  try {
    return readConfiguration(settingsSchema, environment)
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UserError(error.message.replaceAll('\n', '; '))
    throw error
  }
}

async function connect(settings: Settings, stopped: AbortSignal): Promise<RedisCommander> {
  const { REDIS_URL, UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = settings
  if (REDIS_URL !== undefined) return commandOverTcp(REDIS_URL, stopped)
  if (url !== undefined && token !== undefined) return commandOverRest(url, token, stopped)
  throw new UserError(
    'which Redis holds the keys? Set REDIS_URL, or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN as the edge has them',
  )
}
