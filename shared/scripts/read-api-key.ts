import type { LuaScript } from '../redis-commands.ts'
import { NOW_MS } from './lua-parts.ts'

/**
 * One API key's record, and the time that its end is held against.
 *
 * KEYS  1 API keys (hash)
 * ARGV  1 the key's id
 * Returns {now in ms, its JSON or nil}
 */
export const readApiKeyScript: LuaScript = {
  name: 'read-api-key',
  source: `${NOW_MS}
return {now_ms(), redis.call('HGET', KEYS[1], ARGV[1])}
`,
}
