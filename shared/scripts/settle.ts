import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { ENDED_ENTRIES, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * Ends claimed jobs: writes the terminal state of each once and tells whoever waits, then frees the inputs and removes the entries of all
 * with one command each and queue. A result that comes after the deadline ends the job as expired: a reader may have been told so already.
 * Two commands a job, unless somebody is to be told.
 *
 * KEYS  1 2 3 queues (streams)  then for each job: job (hash), input (string)
 * ARGV  1 group  2 what the model's keys begin with  then for each job: job id, which queue (1 to 3), entry id, attempt, 'succeeded' or
 *       'failed', how many arguments follow, and so many: field, value, field, value: what the job hash shall hold besides
 * Returns one item a job, in order: the status that this attempt ended with, now or before (a reply may have been lost), 'canceled' if
 *         the job was, 'stale' if it is no longer this attempt's to end (nothing is written then), or 'gone' if there is no such job,
 *         or it is damaged
 *
 * It begins by acknowledging an entry that does not exist: a Redis that is full lets a script write once it has begun
 * with a write that needs no memory. So a full Redis can be drained.
 */
export const settleScript: LuaScript = {
  name: 'settle',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${ENDED_ENTRIES}
local group, base = ARGV[1], ARGV[2]
local now = now_ms()
redis.call('XACK', KEYS[1], group, '0-0')
local inputs = {}

local function settle(job, input, at, last)
  local id, queue, entry, attempt, status = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local state, told = read_state(job, 'error')
  -- The last attempt that was lost has no number above it.
  local over = state.attempt ~= attempt or state.status == 'queued' or told[1] == 'attempts-exhausted'
  if state.sound and state.status == 'canceled' then return 'canceled' end
  if state.sound and over then return 'stale' end

  entry_ended(queue, entry)
  inputs[#inputs + 1] = input
  if state.sound and not state.open then return state.status end
  if not state.sound then return 'gone' end
  if tonumber(state.deadline) <= now then
    finish(base, id, job, state, {'status', 'expired', 'completed_at', state.deadline})
    return 'expired'
  end
  finish(base, id, job, state, {'status', status, 'completed_at', integer(now), unpack(ARGV, at + 6, last)})
  return status
end

local outcomes, at = {}, 3
for i = 4, #KEYS, 2 do
  local last = at + 5 + ARGV[at + 5]
  outcomes[#outcomes + 1] = settle(KEYS[i], KEYS[i + 1], at, last)
  at = last + 1
end
if #inputs > 0 then redis.call('DEL', unpack(inputs)) end
remove_ended_entries(group)
return outcomes
`,
}
