import type { LuaScript } from '../redis-commands.ts'
import { APPEND, INTEGER, IS_COUNT, NOW_MS, READ_STATE, STREAM_SIZE } from './lua-parts.ts'

/**
 * Gives a claimed job back: it waits again, at the end of the queue under a new entry, for any pool to claim. Its attempt number stays
 * and is raised by the next claim, so a settlement by whoever gave it back is stale from then on.
 *
 * KEYS  1 queue (stream)  2 job (hash)
 * ARGV  1 group  2 entry id  3 attempt  4 job id
 * Returns 'queued', 'stale' if the job is no longer this attempt's (nothing is written then), or 'gone' if there is no such job,
 *         or it is damaged
 *
 * Acknowledging comes first: a Redis that is full lets a script write once it has begun with a write that needs no memory.
 */
export const releaseScript: LuaScript = {
  name: 'release',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${READ_STATE}${STREAM_SIZE}${APPEND}
local queue, job = KEYS[1], KEYS[2]
local group, entry, attempt, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local state = read_state(job)
if state.sound and (state.status ~= 'processing' or state.attempt ~= attempt) then return 'stale' end

redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
if not state.sound then return 'gone' end
local needed_ms = math.max(0, tonumber(state.deadline) - now_ms()) + tonumber(state.result_ttl)
local again, seq = append(queue, stream_size(queue), id, state.deadline, state.bytes, needed_ms)
redis.call('HSET', job, 'status', 'queued', 'entry', again, 'seq', seq or '')
redis.call('HDEL', job, 'started_at', 'pool')
return 'queued'
`,
}
