import type { LuaScript } from '../redis-commands.ts'
import { NOW_MS } from './lua-parts.ts'

/**
 * A batch with all its jobs, of one moment.
 *
 * KEYS  1 batch (string)
 * ARGV  1 what the model's keys begin with
 * Returns {now in ms, record or '', then for each item {field, value, ...} of its job: empty if it has none, or it is gone}
 */
export const readBatchScript: LuaScript = {
  name: 'read-batch',
  source: `${NOW_MS}
local record = redis.call('GET', KEYS[1]) or ''
local reply = {now_ms(), record}
local read, batch = pcall(cjson.decode, record)
local items = read and type(batch) == 'table' and batch.items
for i, item in ipairs(type(items) == 'table' and items or {}) do
  local id = type(item) == 'table' and item.id
  reply[i + 2] = type(id) == 'string' and redis.call('HGETALL', ARGV[1] .. 'job:' .. id) or {}
end
return reply
`,
}
