import type { Redis } from 'ioredis'
import { type ApiKeyRecord, apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import type { RedisKeys } from '../../shared/redis-keys.ts'

/** Stores a new API key as the command line does. `headers`: what a request sends with it. */
export async function storeApiKey(
  { redis, keys }: { redis: Redis; keys: RedisKeys },
  changes: Partial<ApiKeyRecord> = {},
): Promise<{ id: string; token: string; headers: { authorization: string } }> {
  const { id, token } = newApiKey()
  const sha256 = await apiKeyDigest(token)
  const record: ApiKeyRecord = {
    ...{ id, name: 'test', sha256, models: null, priorities: ['normal', 'low'], rate: null, admin: false },
    ...{ created_at: new Date().toISOString(), expires_at: null, ...changes },
  }
  await redis.hset(keys.apiKeys(), id, JSON.stringify(record))
  return { id, token, headers: { authorization: `Bearer ${token}` } }
}
