import { JOB_INPUT_FIELDS } from '../job-input.ts'
import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { ENDED_ENTRIES, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/** What a claim tells of a job beside its attempt and the time. */
const TOLD = ['created_at', 'request_id', 'traceparent', ...JOB_INPUT_FIELDS]

/**
 * Takes entries that the consumer group has just handed to this pool: stamps each job with its next attempt number, the
 * token that must come back with the result. Entries whose job is gone, has ended, is past its deadline, damaged or
 * waiting under another entry are dropped: one bad job must not hold up a batch. Two commands a job.
 *
 * A job that has lost an attempt is claimed only by who says that it will be run alone. One that another pool has taken over from this one is left as
 * it is, with its entry, whether or not that pool is at work on it: the lease is that one's, and this one could not renew it.
 *
 * KEYS  1 2 3 queues (streams)  4... job hashes, one an entry
 * ARGV  1 group  2 pool's id  3 what the model's keys begin with  4 '1' if jobs will be run alone
 *       then for each entry: job id, which queue (1 to 3), entry id
 * Returns one item a job, in order: {attempt, now in ms, deadline, 1 if it has a webhook, created_at, request_id, traceparent, input, dtype, shape,
 *         image_type, encoding} for a claimed job (nil for what it does not have), {0, now, not_before} for one that is to be run alone, not before
 *         that time, {} for a dropped one
 *
 * It begins by acknowledging an entry that does not exist: a Redis that is full lets a script write once it has begun
 * with a write that needs no memory. So a full Redis can be drained.
 */
export const claimScript: LuaScript = {
  name: 'claim',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${ENDED_ENTRIES}
local group, pool, base, alone = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local now = now_ms()
redis.call('XACK', KEYS[1], group, '0-0')

local function claim(job, id, queue, entry)
  local state, told = read_state(job, ${TOLD.map((field) => `'${field}'`).join(', ')})
  if not state.sound or not state.open or state.entry ~= entry or not is_count(told[1]) then
    entry_ended(queue, entry)
    return {}
  end
  if state.pool and state.pool ~= pool then return {} end
  if tonumber(state.deadline) <= now then
    finish(base, id, job, state, {'status', 'expired', 'completed_at', state.deadline})
    entry_ended(queue, entry)
    return {}
  end
  if state.alone and not alone then return {0, now, tonumber(state.not_before or '') or now} end
  local attempt = tonumber(state.attempt) + 1
  redis.call('HSET', job, 'status', 'processing', 'attempt', integer(attempt), 'started_at', integer(now), 'pool', pool)
  return {attempt, now, state.deadline, state.webhook and 1 or 0, unpack(told)}
end

local claims = {}
for i = 4, #KEYS do
  local at = 3 * (i - 4) + 5
  claims[#claims + 1] = claim(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2])
end
remove_ended_entries(group)
return claims
`,
}
