import type { LuaScript } from '../redis-commands.ts'
import { NOW_MS } from './lua-parts.ts'

/**
 * How long queues are, and which pools there are, of one moment.
 *
 * KEYS  1 workers (hash)  2... queues (streams)
 * Returns {now in ms, {field, value, ...} of workers, length of each queue...}
 */
export const statisticsScript: LuaScript = {
  name: 'statistics',
  source: `${NOW_MS}
local reply = {now_ms(), redis.call('HGETALL', KEYS[1])}
for i = 2, #KEYS do reply[i + 1] = redis.call('XLEN', KEYS[i]) end
return reply
`,
}
