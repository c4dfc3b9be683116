import type { LuaScript } from '../redis-commands.ts'
import { PENDING } from './begin-batch.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Writes a batch's record, with the time. Safe to repeat: one that is there stays as it is.
 *
 * KEYS  1 batch (string)
 * ARGV  1 record, a JSON object that is not empty  2 TTL, ms
 * Returns when it was made, ms
 */
export const writeBatchScript: LuaScript = {
  name: 'write-batch',
  source: `${NOW_MS}${INTEGER}
local stored = redis.call('GET', KEYS[1])
if stored and stored ~= '${PENDING}' then return cjson.decode(stored).created_at end
redis.call('SET', KEYS[1], '{"created_at":' .. integer(now_ms()) .. ',' .. string.sub(ARGV[1], 2), 'PX', ARGV[2])
return now_ms()
`,
}
