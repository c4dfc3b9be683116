import type { LuaScript } from '../redis-commands.ts'
import { FINISH, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * Ends claimed jobs: writes the terminal state of each once and tells whoever waits, then frees the inputs and removes the entries of all
 * with one command each. A result that comes after the deadline ends the job as expired: a reader may have been told so already.
 *
 * KEYS  1 queue (stream)  then for each job: job (hash), input (string)
 * ARGV  1 group  then for each job: entry id, attempt, 'succeeded' or 'failed', done channel, how many arguments follow, and
 *       so many: field, value, field, value: what the job hash shall hold besides
 * Returns one item a job, in order: the status that this attempt ended with, now or before (a reply may have been lost), 'stale' if the
 *         job is no longer this attempt's to end (nothing is written then), or 'gone' if there is no such job, or it is damaged
 *
 * It begins by acknowledging an entry that does not exist: a Redis that is full lets a script write once it has begun
 * with a write that needs no memory. So a full Redis can be drained.
 */
export const settleScript: LuaScript = {
  name: 'settle',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}
local queue, group = KEYS[1], ARGV[1]
local now = now_ms()
redis.call('XACK', queue, group, '0-0')
local entries, inputs = {}, {}

local function settle(job, input, at)
  local entry, attempt, status, channel, last = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], at + 4 + ARGV[at + 4]
  local state = redis.pcall('HMGET', job, 'status', 'attempt', 'deadline', 'result_ttl')
  local sound = state[1] and is_count(state[3]) and is_count(state[4])
  local ended = state[1] == 'succeeded' or state[1] == 'failed' or state[1] == 'expired'
  if sound and ended and state[2] == attempt then return state[1], last end
  if sound and (state[1] ~= 'processing' or state[2] ~= attempt) then return 'stale', last end

  entries[#entries + 1], inputs[#inputs + 1] = entry, input
  if not sound then
    status = 'gone'
  elseif tonumber(state[3]) <= now then
    status = 'expired'
    finish(job, channel, state[4], {'status', status, 'completed_at', state[3]})
  else
    finish(job, channel, state[4], {'status', status, 'completed_at', integer(now), unpack(ARGV, at + 5, last)})
  end
  return status, last
end

local outcomes, at = {}, 2
for i = 2, #KEYS, 2 do
  local outcome, last = settle(KEYS[i], KEYS[i + 1], at)
  outcomes[#outcomes + 1] = outcome
  at = last + 1
end
if #entries > 0 then
  redis.call('DEL', unpack(inputs))
  redis.call('XACK', queue, group, unpack(entries))
  redis.call('XDEL', queue, unpack(entries))
end
return outcomes
`,
}
