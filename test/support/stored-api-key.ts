import { type ApiKeyRecord, apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import type { TestStack } from './stack.ts'

/** Stores a new key as the command line does. */
export async function storeApiKey(
  { redis, keys }: Pick<TestStack, 'redis' | 'keys'>,
  changes: Partial<ApiKeyRecord> = {},
): Promise<{ id: string; token: string }> {
  const { id, token } = newApiKey()
  const sha256 = await apiKeyDigest(token)
  const record: ApiKeyRecord = {
    ...{ id, name: 'test', sha256, models: null, priorities: ['normal'], rate: null, admin: false },
    ...{ created_at: new Date().toISOString(), expires_at: null, ...changes },
  }
  await redis.hset(keys.apiKeys(), id, JSON.stringify(record))
  return { id, token }
}
