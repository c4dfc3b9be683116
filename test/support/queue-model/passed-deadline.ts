import type { LuaScript } from '../../../shared/redis-commands.ts'

/**
 * Redis' clock cannot be moved. Instead a job's deadline is moved to just before now, wherever it is written: in its hash, and in its
 * entry, for which the stream is made anew, with all that Redis knows of it.
 *
 * KEYS  1 job (hash)  2 queue (stream)  3 input that expires with it, or the same as 1
 * ARGV  1 entry, or ''  2 group
 */
export const passDeadlineScript: LuaScript = {
  name: 'pass-deadline',
  source: `
local job, queue, input, entry, group = KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]
local time = redis.call('TIME')
local passed = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - 1)
if redis.call('EXISTS', job) == 1 then redis.call('HSET', job, 'deadline', passed) end
if input ~= job then redis.call('DEL', input) end

local function record(flat)
  local fields = {}
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function make_group_anew(info, pending)
  redis.call('XGROUP', 'CREATE', queue, group, info['last-delivered-id'])
  for _, item in ipairs(pending) do
    redis.call('XCLAIM', queue, group, item[2], 0, item[1], 'IDLE', item[3], 'RETRYCOUNT', item[4], 'FORCE', 'JUSTID')
  end
end

local function make_stream_anew()
  local entries, ttl = redis.call('XRANGE', queue, '-', '+'), redis.call('PTTL', queue)
  local info, groups = record(redis.call('XINFO', 'STREAM', queue)), redis.call('XINFO', 'GROUPS', queue)
  local pending = groups[1] and redis.call('XPENDING', queue, group, '-', '+', 1000)
  redis.call('DEL', queue)
  for _, item in ipairs(entries) do
    local fields = item[2]
    for i = 1, #fields, 2 do
      if item[1] == entry and fields[i] == 'deadline' then fields[i + 1] = passed end
    end
    redis.call('XADD', queue, item[1], unpack(fields))
  end
  redis.call('XSETID', queue, info['last-generated-id'], 'ENTRIESADDED', info['entries-added'], 'MAXDELETEDID', info['max-deleted-entry-id'])
  if groups[1] then make_group_anew(record(groups[1]), pending) end
  redis.call('PEXPIRE', queue, ttl)
end

if entry ~= '' and #redis.call('XRANGE', queue, entry, entry) == 1 then make_stream_anew() end
return passed
`,
}
