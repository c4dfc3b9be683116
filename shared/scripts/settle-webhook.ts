import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Writes down what became of a taken webhook: it is told no more, or due again. Only whoever holds the lease may.
 *
 * KEYS  1 webhooks (sorted set)  2 job (hash)  3 mark of a receiver that is off (string)
 * ARGV  1 job id  2 lease  3 delivery, JSON without its times, or empty: it was not tried  4 ms until it is due again, or empty: done with
 *       5 how long the receiver is off, ms, or empty
 * Returns 'settled', 'stale' if the lease is another's (nothing is written then), or 'gone' if there is no such job
 *
 * It begins with a write that needs no memory, as take-webhooks does.
 */
export const settleWebhookScript: LuaScript = {
  name: 'settle-webhook',
  source: `${NOW_MS}${INTEGER}
local webhooks, job, off = KEYS[1], KEYS[2], KEYS[3]
local id, lease, delivery, again, off_ms = unpack(ARGV)
redis.call('ZREM', webhooks, '')
local state = redis.pcall('HMGET', job, 'status', 'webhook_lease')
if not state[1] then
  redis.call('ZREM', webhooks, id)
  return 'gone'
end
if state[2] ~= lease then return 'stale' end

local now = now_ms()
local due = again ~= '' and now + tonumber(again) or nil
if off_ms ~= '' then redis.call('SET', off, '1', 'PX', off_ms) end
if delivery ~= '' then
  local told = cjson.decode(delivery)
  told.next_attempt_at = due or cjson.null
  told.delivered_at = told.status == 'delivered' and now or cjson.null
  redis.call('HSET', job, 'webhook_delivery', cjson.encode(told))
end
redis.call('HDEL', job, 'webhook_lease')
if due then redis.call('ZADD', webhooks, integer(due), id) else redis.call('ZREM', webhooks, id) end
return 'settled'
`,
}
