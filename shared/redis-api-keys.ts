import type { ApiKeyStore } from './api-key.ts'
import type { RedisCommands } from './redis-commands.ts'
import type { RedisKeys } from './redis-keys.ts'
import { readApiKeyScript } from './scripts/read-api-key.ts'

/** API keys as the command line has put them into Redis. */
export class RedisApiKeys implements ApiKeyStore {
  readonly #redis: Pick<RedisCommands, 'run'>
  readonly #keys: RedisKeys

  constructor(redis: Pick<RedisCommands, 'run'>, keys: RedisKeys) {
    this.#redis = redis
    this.#keys = keys
  }

  async find(id: string): Promise<{ stored: string | undefined; nowMs: number }> {
    const reply = await this.#redis.run(readApiKeyScript, [this.#keys.apiKeys()], [id])
    const [nowMs, stored] = reply as [number, string | null]
    return { stored: stored ?? undefined, nowMs }
  }
}
