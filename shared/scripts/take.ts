import type { LuaScript } from '../redis-commands.ts'

/**
 * Has the consumer group hand out what is in several queues, without waiting: of each as many as its quota; what quotas leave, for want
 * of jobs, goes to the most urgent that has more. Where jobs wait in one queue alone, that takes two commands.
 *
 * KEYS  queues (streams), most urgent first
 * ARGV  1 group  2 consumer  3... for each queue: its quota
 * Returns {which queue, from 0, entry id, job id} for each entry: fewer than the quotas' sum only if there were no more
 *
 * If a queue or its group is missing, it fails with NOGROUP; what it had read by then is pending for the consumer.
 */
export const takeScript: LuaScript = {
  name: 'take',
  source: `
local group, consumer = ARGV[1], ARGV[2]
local quotas, taken, has_more, left, smallest = {}, {}, {}, 0, nil
for i = 1, #KEYS do
  quotas[i], taken[i], has_more[i] = tonumber(ARGV[i + 2]), {}, true
  left = left + quotas[i]
  if quotas[i] > 0 then smallest = math.min(smallest or quotas[i], quotas[i]) end
end

local function read(count, queues)
  local command = {'XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS'}
  for _, i in ipairs(queues) do command[#command + 1] = KEYS[i] end
  for _ = 1, #queues do command[#command + 1] = '>' end
  local found = {}
  for _, stream in ipairs(redis.call(unpack(command)) or {}) do found[stream[1]] = stream[2] end
  for _, i in ipairs(queues) do
    local entries = found[KEYS[i]] or {}
    for _, entry in ipairs(entries) do table.insert(taken[i], {i - 1, entry[1], entry[2][2] or ''}) end
    left, has_more[i] = left - #entries, #entries == count
  end
end

if not smallest then return {} end
local with_quota = {}
for i = 1, #KEYS do
  if quotas[i] > 0 then with_quota[#with_quota + 1] = i end
end
read(smallest, with_quota)
for _, i in ipairs(with_quota) do
  if has_more[i] and quotas[i] > smallest then read(quotas[i] - smallest, {i}) end
end
for i = 1, #KEYS do
  if left > 0 and has_more[i] then read(left, {i}) end
end

local all = {}
for i = 1, #KEYS do
  for _, entry in ipairs(taken[i]) do all[#all + 1] = entry end
end
return all
`,
}
