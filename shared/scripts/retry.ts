import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { LOSE_ATTEMPT } from './lose-attempt.ts'
import { ENDED_ENTRIES, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * A claimed job's attempt has come to nothing, and the pool that claimed it says so. Its entry stays that pool's, unless it was the last attempt.
 *
 * KEYS  1 2 3 queues (streams)  4... job hashes
 * ARGV  1 options, JSON: group, base, reason, policy (see lose_attempt)
 *       then for each job: id, which queue (1 to 3), entry id, attempt
 * Returns {now in ms, one item a job, in order}: the time before which it is not to be run again, or -1 if it is not this attempt's to be retried
 *         (canceled, over, taken over),
 *         -2 if it was its last attempt. Repeated after an answer got lost, it says -1: then the entry's lease runs out.
 *
 * It begins with a write that needs no memory, as claim does.
 */
export const retryScript: LuaScript = {
  name: 'retry',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${ENDED_ENTRIES}${LOSE_ATTEMPT}
local o = cjson.decode(ARGV[1])
redis.call('XACK', KEYS[1], o.group, '0-0')

local function retry(job, id, queue, entry, attempt)
  local state = read_state(job)
  if not state.sound then
    entry_ended(queue, entry)
    return -1
  end
  if state.status ~= 'processing' or state.attempt ~= attempt then return -1 end
  if tonumber(state.deadline) <= now_ms() then
    finish(o.base, id, job, state, {'status', 'expired', 'completed_at', state.deadline})
    entry_ended(queue, entry)
    return -1
  end
  local not_before = lose_attempt(o.policy, o.base, id, job, state, o.reason)
  if not not_before then entry_ended(queue, entry) end
  return not_before or -2
end

local outcomes = {}
for i = 4, #KEYS do
  local at = 4 * (i - 4) + 2
  outcomes[#outcomes + 1] = retry(KEYS[i], ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
remove_ended_entries(o.group)
return {now_ms(), unpack(outcomes)}
`,
}
