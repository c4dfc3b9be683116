import { type ApiKeyRecord, apiKeyDigest, newApiKey } from '../../shared/api-key.ts'
import type { TestStack } from './stack.ts'

/** Makes an API key of a stack, as `edgebatch keys create` does. */
export async function createApiKey(
  { redis, keys }: Pick<TestStack, 'redis' | 'keys'>,
  overrides: Partial<ApiKeyRecord> = {},
): Promise<{ id: string; headers: { authorization: string } }> {
  const { id, token } = newApiKey()
  const record: ApiKeyRecord = {
    ...{ id, name: 'test', sha256: await apiKeyDigest(token), models: null, priorities: ['normal', 'low'] },
    ...{ rate: null, admin: false, created_at: new Date().toISOString(), expires_at: null },
    ...overrides,
  }
  await redis.hset(keys.apiKeys(), id, JSON.stringify(record))
  return { id, headers: { authorization: `Bearer ${token}` } }
}
