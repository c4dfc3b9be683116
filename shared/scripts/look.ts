import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS, STREAM_SIZE } from './lua-parts.ts'

/**
 * A job and its place: how many of its queue will have been served when it has, and how many wait in queues that are served before.
 * The former is its number among all that its queue ever had, less those that have left. Since they leave in batches, and canceled ones
 * from anywhere, it is near the truth and not always it. The place of a job that follows another is that one's.
 *
 * KEYS  1 job (hash)
 * ARGV  1 what the model's keys begin with  2 '1' if its end shall be told on its channel
 * It says that it is watched by a write that needs no memory first: a Redis that is full lets a script write once it has begun so.
 *
 * Returns {now in ms, {field, value, ...} of the job, position or -1 if it is not queued, or Redis does not tell}
 */
export const lookScript: LuaScript = {
  name: 'look',
  source: `${NOW_MS}${INTEGER}${STREAM_SIZE}
local flat, job = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #flat, 2 do job[flat[i]] = flat[i + 1] end
local open = job.status == 'queued' or job.status == 'processing'
if open and ARGV[2] == '1' and not job.watched then
  redis.call('HDEL', KEYS[1], '')
  redis.call('HSET', KEYS[1], 'watched', '1')
end

local seq, own = tonumber(job.seq or ''), job.priority
if job.follows then
  local leader = redis.call('HMGET', ARGV[1] .. 'job:' .. job.follows, 'status', 'seq', 'priority')
  seq, own = leader[1] == 'queued' and tonumber(leader[2] or ''), leader[3]
end
if job.status ~= 'queued' or not seq then return {now_ms(), flat, -1} end
local queues = ARGV[1] .. 'queue:' .. job.model_version .. ':'
local size = stream_size(queues .. own)
if not size.added then return {now_ms(), flat, -1} end
local position = math.max(1, math.min(seq - (size.added - size.length), size.length))
for _, priority in ipairs({'high', 'normal', 'low'}) do
  if priority == own then break end
  position = position + redis.call('XLEN', queues .. priority)
end
return {now_ms(), flat, position}
`,
}
