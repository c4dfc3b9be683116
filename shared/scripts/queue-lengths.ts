import { PRIORITIES } from '../priority.ts'
import type { LuaScript } from '../redis-commands.ts'
import { DROP_DEAD_ENTRIES } from './dead-entries.ts'
import { FINISH } from './finish-job.ts'
import { INTEGER, IS_COUNT, MEMORY, NOW_MS } from './lua-parts.ts'

/** Hundreds of entries of a queue that are looked at for dead ones; what is left is found the next time. */
const DEAD_PAGES = 10

const QUEUE_ENDS = PRIORITIES.map((priority) => `':${priority}'`).join(', ')

/**
 * How many jobs wait or are in flight, by version that is known, which pools there are, and what Redis takes in memory, of one moment. Of versions that no live pool
 * serves, or stuck ones alone, jobs whose deadline has passed are dropped first: nobody else would, and machines would be started for them.
 *
 * KEYS  1 models (hash)  2 workers (hash)
 * ARGV  1 what all keys begin with  2 consumer group
 * Returns {now in ms, {field, value, ...} of workers, {name@version, jobs, jobs its queues ever had or -1 where
 *         Redis does not tell, ...}, {bytes used, the most that may be used (0: not set)}}; -1 for bytes that Redis does not tell
 *
 * Before it drops any it writes what needs no memory: dead jobs must be dropped where Redis is full of them.
 */
export const queueLengthsScript: LuaScript = {
  name: 'queue-lengths',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${DROP_DEAD_ENTRIES}${MEMORY}
local models, workers, prefix, group = KEYS[1], KEYS[2], ARGV[1], ARGV[2]

local served, pools = {}, redis.call('HGETALL', workers)
for i = 2, #pools, 2 do
  local until_ms, json = string.match(pools[i], '^(%d+) (.*)')
  local read, record = pcall(cjson.decode, json or '')
  local theirs = read and type(record) == 'table' and tonumber(until_ms) > now_ms()
    and record.state ~= 'stuck' and record.models
  for _, id in ipairs(type(theirs) == 'table' and theirs or {}) do served[id] = true end
end

local lengths = {}
for _, id in ipairs(redis.call('HKEYS', models)) do
  local name, version = string.match(id, '^([^@]+)@(.+)$')
  if name then
    local base, jobs, added = prefix .. '{' .. name .. '}:', 0, 0
    for _, ending in ipairs({${QUEUE_ENDS}}) do
      local queue = base .. 'queue:' .. version .. ending
      local size = stream_size(queue)
      local length = size.length
      added = size.added and added and added + size.added
      if length > 0 and not served[id] then
        redis.call('XDEL', queue, '0-1')
        drop_dead_entries(queue, base, group, ${DEAD_PAGES}, true)
        length = redis.call('XLEN', queue)
      end
      jobs = jobs + length
    end
    lengths[#lengths + 1], lengths[#lengths + 2], lengths[#lengths + 3] = id, jobs, added or -1
  end
end
return {now_ms(), pools, lengths, memory()}
`,
}
