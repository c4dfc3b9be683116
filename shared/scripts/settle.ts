import type { LuaScript } from '../redis-commands.ts'
import { FINISH, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * Ends a claimed job: writes its terminal state once, frees its input, removes it from the queue, then tells whoever
 * waits. A result that comes after the deadline ends the job as expired: a reader may have been told so already.
 *
 * KEYS  1 queue (stream)  2 job (hash)  3 input (string)
 * ARGV  1 group  2 entry id  3 attempt  4 'succeeded' or 'failed'  5 done channel
 *       6... field, value, field, value: what the job hash shall hold besides
 * Returns the status written, 'stale' if the job is no longer this attempt's to end (nothing is written then), or
 *         'gone' if there is no such job, or it is damaged
 *
 * Freeing the input comes first: a Redis that is full lets a script write once it has begun with a write that needs no
 * memory. So a full Redis can be drained.
 */
export const settleScript: LuaScript = {
  name: 'settle',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}
local queue, job, input = KEYS[1], KEYS[2], KEYS[3]
local group, entry, attempt, status, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local state = redis.pcall('HMGET', job, 'status', 'attempt', 'deadline', 'result_ttl')
local sound = state[1] and is_count(state[3]) and is_count(state[4])
if sound and (state[1] ~= 'processing' or state[2] ~= attempt) then return 'stale' end

redis.call('DEL', input)
if not sound then
  status = 'gone'
else
  local now = now_ms()
  if tonumber(state[3]) <= now then
    status = 'expired'
    finish(job, channel, state[4], {'status', status, 'completed_at', state[3]})
  else
    finish(job, channel, state[4], {'status', status, 'completed_at', integer(now), unpack(ARGV, 6)})
  end
end
redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
return status
`,
}
