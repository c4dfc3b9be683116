import { JOB_INPUT_FIELDS } from '../job-input.ts'
import type { LuaScript } from '../redis-commands.ts'
import { FINISH, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * Takes entries that the consumer group has just handed to this pool: stamps each job with its next attempt number, the
 * token that must come back with the result. Entries whose job is gone, settled, past its deadline, damaged or
 * waiting under another entry are dropped: one bad job must not hold up a batch.
 *
 * KEYS  1 queue (stream)  2... job hashes, one an entry
 * ARGV  1 group  2 pool's id  then for each entry: entry id, done channel
 * Returns one item a job, in order: {attempt, now in ms, created_at, request_id, traceparent, input, dtype, shape,
 *         image_type, encoding} for a claimed job (nil for what it does not have), {} for a dropped one
 *
 * It begins by acknowledging an entry that does not exist: a Redis that is full lets a script write once it has begun
 * with a write that needs no memory. So a full Redis can be drained.
 */
export const claimScript: LuaScript = {
  name: 'claim',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}
local queue, group, pool = KEYS[1], ARGV[1], ARGV[2]
local now = now_ms()
redis.call('XACK', queue, group, '0-0')

local function drop(entry)
  redis.call('XACK', queue, group, entry)
  redis.call('XDEL', queue, entry)
  return {}
end

local claimed = {}
for i = 2, #KEYS do
  local job, entry, channel = KEYS[i], ARGV[2 * i - 1], ARGV[2 * i]
  local state = redis.pcall('HMGET', job, 'status', 'entry', 'deadline', 'result_ttl', 'attempt',
    'created_at', 'request_id', 'traceparent', ${JOB_INPUT_FIELDS.map((field) => `'${field}'`).join(', ')})
  local open = state[1] == 'queued' or state[1] == 'processing'
  local sound = is_count(state[3]) and is_count(state[4]) and is_count(state[5]) and is_count(state[6])
  if not open or not sound or state[2] ~= entry then
    claimed[i - 1] = drop(entry)
  elseif tonumber(state[3]) <= now then
    finish(job, channel, state[4], {'status', 'expired', 'completed_at', state[3]})
    claimed[i - 1] = drop(entry)
  else
    local attempt = redis.call('HINCRBY', job, 'attempt', 1)
    redis.call('HSET', job, 'status', 'processing', 'started_at', integer(now), 'pool', pool)
    claimed[i - 1] = {attempt, now, unpack(state, 6)}
  end
end
return claimed
`,
}
