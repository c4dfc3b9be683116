import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/**
 * Ends a job that has not ended. One that waits leaves its queue and never reaches the model; of one that is being run the result will
 * be refused. Idempotent.
 *
 * KEYS  1 queue (stream)  2 job (hash)  3 input (string)
 * ARGV  1 group  2 what the model's keys begin with  3 job id
 * Returns the status that the job has then, or 'gone' if there is no such job, or it is damaged
 *
 * It begins with a write that needs no memory: a full Redis must be able to let go of jobs.
 */
export const cancelScript: LuaScript = {
  name: 'cancel',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}
local queue, job, input = KEYS[1], KEYS[2], KEYS[3]
local group, base, id = ARGV[1], ARGV[2], ARGV[3]
redis.call('XACK', queue, group, '0-0')
local state = read_state(job)
if not state.sound then return 'gone' end
if not state.open then return state.status end

local late = tonumber(state.deadline) <= now_ms()
local status = late and 'expired' or 'canceled'
if state.entry then
  redis.call('XACK', queue, group, state.entry)
  redis.call('XDEL', queue, state.entry)
end
finish(base, id, job, state, {'status', status, 'completed_at', late and state.deadline or integer(now_ms())})
redis.call('DEL', input)
return status
`,
}
