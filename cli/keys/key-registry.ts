import { type ApiKeyRecord, parseApiKeyRecord } from '../../shared/api-key.ts'
import type { Environment } from '../environment.ts'
import type { RedisCommander } from '../redis/redis-commands.ts'
import { withRedis } from '../redis/with-redis.ts'
import type { Terminal } from '../terminal.ts'
import { UserError } from '../user-error.ts'

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
export function withKeys<T>(
  environment: Environment,
  terminal: Terminal,
  work: (keys: KeyRegistry) => Promise<T>,
): Promise<T> {
  return withRedis(environment, terminal, (redis, keys) => work(new KeyRegistry(redis, keys.apiKeys())))
}
