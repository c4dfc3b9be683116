import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Accepts a job, or says why not; all or nothing. Safe to repeat: a second call with the same job changes nothing.
 *
 * KEYS  1 queue (stream)  2 job (hash)  3 input (string)
 * ARGV  1 job id  2 backlog limit  3 deadline, ms from now  4 result TTL, ms  5 longest deadline of any job, ms
 *       6 payload  7... field, value, field, value: what else the job hash shall hold
 * Returns {'queued', backlog, now in ms}         accepted; backlog counts this job, all waiting and all in flight
 *         {'exists', backlog, created_at in ms}  this job was accepted before; nothing was written
 *         {'full', backlog}                      the backlog has reached the limit; nothing was written
 *
 * The stream id that XADD chooses begins with Redis' clock, which saves a TIME (commands in scripts are billed too).
 * Entries older than the longest deadline are dead (nobody served them, no pool was there to drop them): they are cut
 * off only once the queue is full. The stream itself expires when it has not been used for that long.
 */
export const enqueueScript: LuaScript = {
  name: 'enqueue',
  source: `${NOW_MS}${INTEGER}
local queue, job, input = KEYS[1], KEYS[2], KEYS[3]
local limit, deadline_ms, ttl_ms, longest_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

local backlog = redis.call('XLEN', queue)
if backlog >= limit then
  local created_at = redis.call('HGET', job, 'created_at')
  if created_at then return {'exists', backlog, tonumber(created_at)} end
  backlog = backlog - redis.call('XTRIM', queue, 'MINID', integer(now_ms() - longest_ms))
  if backlog >= limit then return {'full', backlog} end
end
if redis.call('HSETNX', job, 'status', 'queued') == 0 then
  return {'exists', backlog, tonumber(redis.call('HGET', job, 'created_at'))}
end

local entry = redis.call('XADD', queue, '*', 'job', ARGV[1])
local now = tonumber(string.match(entry, '^%d+'))
local deadline = integer(now + deadline_ms)
redis.call('HSET', job, 'entry', entry, 'created_at', integer(now), 'deadline', deadline,
  'result_ttl', ARGV[4], 'attempt', '0', unpack(ARGV, 7))
redis.call('PEXPIREAT', job, integer(now + deadline_ms + ttl_ms))
redis.call('SET', input, ARGV[6], 'PXAT', deadline)
redis.call('PEXPIRE', queue, integer(longest_ms + ttl_ms))
return {'queued', backlog + 1, now}
`,
}
