import type { Redis } from 'ioredis'
import { type ApiKeyRecord, apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'

/** Stores an API key as the command line does; returns its token. */
export async function storedApiKey(
  { redis, keys }: { redis: Redis; keys: RedisKeys },
  changes: Partial<ApiKeyRecord> = {},
): Promise<string> {
  const { id, token } = newApiKey()
  const record: ApiKeyRecord = {
    ...{ id, name: 'test', sha256: await apiKeyDigest(token), models: null, priorities: ['normal'] },
    ...{ rate: null, admin: false, created_at: new Date().toISOString(), expires_at: null, ...changes },
  }
  await redis.hset(keys.apiKeys(), id, JSON.stringify(record))
  return token
}
