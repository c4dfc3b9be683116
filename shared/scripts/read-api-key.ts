import type { LuaScript } from '../redis-commands.ts'

/**
 * One API key's record.
 *
 * KEYS  1 API keys (hash)
 * ARGV  1 the key's id
 * Returns its JSON, or nil
 */
export const readApiKeyScript: LuaScript = {
  name: 'read-api-key',
  source: `return redis.call('HGET', KEYS[1], ARGV[1])
`,
}
