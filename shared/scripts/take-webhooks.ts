import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/** job_key(prefix, id): where the job is kept; of no job if that is no id. */
export const JOB_KEY = `
local function job_key(prefix, id) return prefix .. '{' .. (string.match(id, '^[^.]*%.(.+)$') or '') .. '}:job:' .. id end
`

/**
 * Takes webhooks that are due. Each gets a lease, kept in its job's hash, and is due again when that is over: so no other pool sends it
 * meanwhile, even if the job's end makes it due once more, and a pool that dies loses none. One whose job is gone, asks for no webhook or
 * is done with is forgotten; one whose job goes on is due at the job's deadline.
 *
 * KEYS  1 webhooks (sorted set)
 * ARGV  1 what all keys begin with  2 how many at most  3 lease, ms
 * Returns {now in ms, when the next is due in ms or -1, {id, lease, {field, value, ...} of the job}...}
 *
 * It begins with a write that needs no memory, as claim does: webhooks are sent while Redis is full.
 */
export const takeWebhooksScript: LuaScript = {
  name: 'take-webhooks',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${JOB_KEY}
local webhooks, prefix, max = KEYS[1], ARGV[1], tonumber(ARGV[2])
local now = now_ms()
local lease = integer(now + tonumber(ARGV[3]))
redis.call('ZREM', webhooks, '')

local function is_done(delivery)
  local read, told = pcall(cjson.decode, delivery or '')
  return read and type(told) == 'table' and told.status ~= 'pending'
end

-- When the webhook is due instead, or nil if it is to be forgotten, or 'now'.
local function due_at(job)
  local state = redis.pcall('HMGET', job, 'status', 'deadline', 'webhook', 'webhook_lease', 'webhook_delivery')
  local status, deadline, webhook, leased, delivery = unpack(state)
  if not status or not webhook or not is_count(deadline) or is_done(delivery) then return nil end
  if (status == 'queued' or status == 'processing') and tonumber(deadline) > now then return deadline end
  if is_count(leased) and tonumber(leased) > now then return leased end
  return 'now'
end

local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', webhooks, '-inf', integer(now), 'LIMIT', 0, max)) do
  local job = job_key(prefix, id)
  local at = due_at(job)
  if not at then
    redis.call('ZREM', webhooks, id)
  elseif at ~= 'now' then
    redis.call('ZADD', webhooks, at, id)
  else
    redis.call('HSET', job, 'webhook_lease', lease)
    redis.call('ZADD', webhooks, lease, id)
    taken[#taken + 1] = {id, lease, redis.call('HGETALL', job)}
  end
end
local first = redis.call('ZRANGE', webhooks, 0, 0, 'WITHSCORES')
return {now, first[2] and math.max(0, tonumber(first[2]) - now) or -1, unpack(taken)}
`,
}
