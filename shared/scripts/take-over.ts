import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { LOSE_ATTEMPT } from './lose-attempt.ts'
import { ENDED_ENTRIES, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/** Pending entries that Redis looks through at most in one call, a queue: ten times this, as XAUTOCLAIM does. */
const SCANNED_AT_ONCE = 100

/**
 * Takes over what pools hold that have not renewed their leases: their entries become this pool's, and from now on only this pool can claim
 * them. A job that was only handed out is as it was else; one that was being processed has lost an attempt. What is not there to be run any more
 * is dropped.
 *
 * KEYS  1 2 3 queues (streams)
 * ARGV  1 options, JSON:
 *         group, pool     consumer group, and this pool's id in it
 *         base            what the model's keys begin with
 *         idle_ms         since an entry was handed out or renewed
 *         max             entries to take of each queue
 *         cursors         where to go on looking in each queue: '0-0' at first, then what was returned
 *         policy          of retries: see lose_attempt
 *         spoke_at, in_touch_since, silence_ms   when this pool has spoken to Redis last, and since when never less than silence_ms apart (ms;
 *                         nil at first): nothing is taken over by who has just come back, as others may have had no chance to renew
 *         remove_idle_ms  consumers with nothing pending that have not asked for so long are removed; 0: none are
 * Returns {now in ms, {cursor of each queue}, {which queue, from 0, entry, job id, not_before}...}; for
 *         not_before -1 if it need not be run alone, -2 if it was its last attempt
 *         A queue or group that is missing is passed over: whoever reads from it next makes it anew.
 *
 * XAUTOCLAIM is a write that needs no memory: a full Redis lets a script go on that has begun so. With nothing to take over, that and TIME are all.
 */
export const takeOverScript: LuaScript = {
  name: 'take-over',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${ENDED_ENTRIES}${LOSE_ATTEMPT}
local o = cjson.decode(ARGV[1])

local function remove_dead_consumers(queue)
  for _, flat in ipairs(redis.call('XINFO', 'CONSUMERS', queue, o.group)) do
    local consumer = {}
    for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
    if consumer.pending == 0 and consumer.idle >= o.remove_idle_ms and consumer.name ~= o.pool then
      redis.call('XGROUP', 'DELCONSUMER', queue, o.group, consumer.name)
    end
  end
end

-- As not_before above, or nil if it is not to be run.
local function taken_over(id, entry)
  local job = o.base .. 'job:' .. id
  local state = read_state(job)
  if not state.sound or not state.open or state.entry ~= entry then return nil end
  if tonumber(state.deadline) <= now_ms() then
    finish(o.base, id, job, state, {'status', 'expired', 'completed_at', state.deadline})
    return nil
  end
  local not_before = state.alone and (tonumber(state.not_before or '') or now_ms()) or -1
  if state.status == 'processing' then not_before = lose_attempt(o.policy, o.base, id, job, state, 'pool-lost') end
  if not not_before then return -2 end
  redis.call('HSET', job, 'pool', o.pool)
  return not_before
end

if o.spoke_at and (now_ms() - o.spoke_at > o.silence_ms or now_ms() - o.in_touch_since < o.silence_ms) then
  return {now_ms(), o.cursors}
end

local cursors, all = {}, {}
for i, queue in ipairs(KEYS) do
  local reply = redis.pcall('XAUTOCLAIM', queue, o.group, o.pool, o.idle_ms, o.cursors[i], 'COUNT', math.min(o.max, ${SCANNED_AT_ONCE}))
  cursors[i] = '0-0'
  if reply.err then
    if not string.find(reply.err, 'NOGROUP', 1, true) then return reply end
  else
    cursors[i] = reply[1]
    for _, item in ipairs(reply[2]) do
      local entry, id = item[1], item[2][2] or ''
      local not_before = taken_over(id, entry)
      if not_before then all[#all + 1] = {i - 1, entry, id, not_before} end
      if not not_before or not_before == -2 then entry_ended(i, entry) end
    end
    if o.remove_idle_ms > 0 then remove_dead_consumers(queue) end
  end
end
remove_ended_entries(o.group)
return {now_ms(), cursors, unpack(all)}
`,
}
