import type { LuaScript } from '../redis-commands.ts'
import { IS_COUNT } from './lua-parts.ts'

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
  source: `${IS_COUNT}
local queue, job = KEYS[1], KEYS[2]
local group, entry, attempt, id = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local state = redis.pcall('HMGET', job, 'status', 'attempt', 'deadline')
local sound = state[1] and is_count(state[3])
if sound and (state[1] ~= 'processing' or state[2] ~= attempt) then return 'stale' end

redis.call('XACK', queue, group, entry)
redis.call('XDEL', queue, entry)
if not sound then return 'gone' end
local again = redis.call('XADD', queue, '*', 'job', id, 'deadline', state[3])
redis.call('HSET', job, 'status', 'queued', 'entry', again)
redis.call('HDEL', job, 'started_at', 'pool')
return 'queued'
`,
}
