import type { LuaScript } from '../redis-commands.ts'
import { NOW_MS } from './lua-parts.ts'

/**
 * What was seen in the minutes that are kept, oldest first.
 *
 * KEYS  1 history (stream)
 * Returns {now in ms, snapshot as JSON...}
 */
export const readHistoryScript: LuaScript = {
  name: 'read-history',
  source: `${NOW_MS}
local reply = {now_ms()}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do reply[#reply + 1] = entry[2][2] end
return reply
`,
}
