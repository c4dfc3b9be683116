import type { LuaScript } from '../redis-commands.ts'
import { MEMORY, NOW_MS, STREAM_SIZE } from './lua-parts.ts'

/** Entries that are past their deadline and were dropped by nobody yet: so many are looked over for one that waits. */
const MOST_DEAD = 100

/**
 * How long queues are and what waits in them, which pools there are, what Redis takes in memory, how many dead letters there are, and what was
 * seen last, of one moment.
 *
 * KEYS  1 workers (hash)  2 history (stream)  3... queues (streams), then dead letters (streams)
 * ARGV  1 group  2 number of queues
 * Returns {now in ms, {field, value, ...} of workers, {bytes used, the most that may be used (0: not set)}, {the latest snapshots, JSON, newest
 *         first}, {for each queue {length, for how long the oldest job waits that was handed to no pool yet, ms, entries it ever had}},
 *         {number of dead letters in each}}; -1 stands for what is not there, or what Redis does not tell
 */
export const statisticsScript: LuaScript = {
  name: 'statistics',
  source: `${NOW_MS}${STREAM_SIZE}${MEMORY}
local function first_after_handed_out(queue)
  local groups = redis.pcall('XINFO', 'GROUPS', queue)
  if groups.err then return '-' end
  for _, group in ipairs(groups) do
    local info = {}
    for i = 1, #group, 2 do info[group[i]] = group[i + 1] end
    if info.name == ARGV[1] then return '(' .. info['last-delivered-id'] end
  end
  return '-'
end

local function oldest_waiting_ms(queue)
  for _, entry in ipairs(redis.call('XRANGE', queue, first_after_handed_out(queue), '+', 'COUNT', ${MOST_DEAD})) do
    if (tonumber(entry[2][4]) or 0) > now_ms() then
      return math.max(0, now_ms() - tonumber(string.match(entry[1], '^%d+')))
    end
  end
  return -1
end

local snapshots, queues, dead = {}, {}, {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 2)) do snapshots[#snapshots + 1] = entry[2][2] end
for i = 3, #KEYS do
  if i < 3 + tonumber(ARGV[2]) then
    local size = stream_size(KEYS[i])
    -- One command for a queue that is empty, as most are: hosted Redis bills each.
    queues[#queues + 1] = {size.length, size.length > 0 and oldest_waiting_ms(KEYS[i]) or -1, size.added or -1}
  else
    dead[#dead + 1] = redis.call('XLEN', KEYS[i])
  end
end
return {now_ms(), redis.call('HGETALL', KEYS[1]), memory(), snapshots, queues, dead}
`,
}
