import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Accepts a job, or says why not; all or nothing. Safe to repeat: a second call with the same job changes nothing.
 *
 * KEYS  1 queue (stream)  2 job (hash)  3 input (string)
 * ARGV  1 job id  2 backlog limit  3 deadline, ms from now  4 result TTL, ms  5 group
 *       6 payload  7... field, value, field, value: what else the job hash shall hold
 * Returns {'queued', backlog, now in ms}         accepted; backlog counts this job, all waiting and all in flight
 *         {'exists', backlog, created_at in ms}  this job was accepted before; nothing was written
 *         {'full', backlog}                      the backlog has reached the limit; nothing was written
 *
 * Entries carry their deadline: once the queue is full, the dead among the oldest are dropped (no pool was there to do
 * so). The queue's own TTL only ever grows, since edges with different settings share it; by twice what is
 * needed, so that few jobs have to prolong it.
 */
export const enqueueScript: LuaScript = {
  name: 'enqueue',
  source: `${NOW_MS}${INTEGER}
local queue, job, input, group = KEYS[1], KEYS[2], KEYS[3], ARGV[5]
local limit, deadline_ms, ttl_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function drop_dead_entries()
  local dropped, now = 0, now_ms()
  for _, entry in ipairs(redis.call('XRANGE', queue, '-', '+', 'COUNT', 100)) do
    if (tonumber(entry[2][4]) or 0) <= now then
      redis.call('XACK', queue, group, entry[1])
      dropped = dropped + redis.call('XDEL', queue, entry[1])
    end
  end
  return dropped
end

local backlog = redis.call('XLEN', queue)
if backlog >= limit then
  local created_at = redis.call('HGET', job, 'created_at')
  if created_at then return {'exists', backlog, tonumber(created_at)} end
  backlog = backlog - drop_dead_entries()
  if backlog >= limit then return {'full', backlog} end
end
if redis.call('HSETNX', job, 'status', 'queued') == 0 then
  return {'exists', backlog, tonumber(redis.call('HGET', job, 'created_at'))}
end

local now = now_ms()
local deadline = integer(now + deadline_ms)
local entry = redis.call('XADD', queue, '*', 'job', ARGV[1], 'deadline', deadline)
redis.call('HSET', job, 'entry', entry, 'created_at', integer(now), 'deadline', deadline,
  'result_ttl', ARGV[4], 'attempt', '0', unpack(ARGV, 7))
redis.call('PEXPIREAT', job, integer(now + deadline_ms + ttl_ms))
redis.call('SET', input, ARGV[6], 'PXAT', deadline)
if redis.call('PTTL', queue) < deadline_ms + ttl_ms then
  redis.call('PEXPIRE', queue, integer(2 * (deadline_ms + ttl_ms)))
end
return {'queued', backlog + 1, now}
`,
}
