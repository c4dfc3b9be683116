/** Local Lua functions that several scripts begin with. */

/** now_ms(): Redis' clock in milliseconds, the only clock that deadlines are held against. One moment for the whole script. */
export const NOW_MS = `
local moment
local function now_ms()
  if not moment then
    local time = redis.call('TIME')
    moment = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return moment
end
`

/** integer(n): decimal digits; Lua's own tostring would write 1.7e+12. */
export const INTEGER = `
local function integer(n) return string.format('%.0f', n) end
`

/** is_count(text): up to 15 decimal digits, which Redis' own arithmetic and Lua's doubles both hold exactly. */
export const IS_COUNT = `
local function is_count(text) return text and #text <= 15 and string.find(text, '^%d+$') ~= nil end
`

/**
 * read_state(job, ...): what moves between states ask of a job hash, as a table of strings (false for what it has not), and `sound`: whether
 * it can be told when it ends. A key that is no hash is read as no job. Also returns the values of what other fields are asked for.
 */
export const READ_STATE = `
local function read_state(job, ...)
  local values = redis.pcall('HMGET', job, 'status', 'entry', 'deadline', 'result_ttl', 'attempt', 'watched', 'webhook',
    'followed', 'follows', 'bytes', 'pool', 'lost', 'alone', 'not_before', ...)
  local state = {status = values[1], entry = values[2], deadline = values[3], result_ttl = values[4], attempt = values[5],
    watched = values[6], webhook = values[7], followed = values[8], follows = values[9], bytes = values[10],
    pool = values[11], lost = values[12], alone = values[13], not_before = values[14]}
  state.sound = state.status and is_count(state.deadline) and is_count(state.result_ttl) and is_count(state.attempt)
  state.open = state.status == 'queued' or state.status == 'processing'
  return state, {unpack(values, 15)}
end
`

/**
 * entry_ended(queue, entry): from now on nobody needs that entry; queue: which of the script's first three keys. remove_ended_entries(group):
 * removes all such, with two commands for each queue that has some.
 */
export const ENDED_ENTRIES = `
local ended_entries = {{}, {}, {}}
local function entry_ended(queue, entry) table.insert(ended_entries[tonumber(queue)], entry) end
local function remove_ended_entries(group)
  for queue, entries in ipairs(ended_entries) do
    if #entries > 0 then
      redis.call('XACK', KEYS[queue], group, unpack(entries))
      redis.call('XDEL', KEYS[queue], unpack(entries))
    end
  end
end
`

/**
 * stream_size(queue): a table with `length`, `added` (how many entries it ever had; nil where Redis does not tell: before 7.0), `bytes` (of
 * the inputs of those that are there) and `last` (numbers that append() goes on with). No command beside XINFO: each entry carries its own
 * number and the sum of bytes up to it, so that first and last tell the mean of what was between them; entries leave from the middle too.
 */
export const STREAM_SIZE = `
local function numbers_of(entry)
  local fields, numbers = entry and entry[2] or {}, {}
  for i = 1, #fields, 2 do numbers[fields[i]] = tonumber(fields[i + 1]) end
  return {nth = numbers.nth or 0, bytes = numbers.bytes or 0, sum = numbers.sum or 0}
end

local function stream_size(queue)
  local reply = redis.pcall('XINFO', 'STREAM', queue)
  if reply.err then
    if string.find(reply.err, 'no such key', 1, true) then
      return {length = 0, added = 0, bytes = 0, last = numbers_of(nil)}
    end
    error(reply.err, 0)
  end
  local info = {}
  for i = 1, #reply, 2 do info[reply[i]] = reply[i + 1] end
  local first, last = numbers_of(info['first-entry']), numbers_of(info['last-entry'])
  local between = math.max(1, last.nth - first.nth + 1)
  -- Multiplied first: the other way round what is exact would be a byte more at times.
  local bytes = math.ceil(math.max(0, last.sum - first.sum + first.bytes) * info.length / between)
  return {length = info.length, added = info['entries-added'], bytes = bytes, last = last}
end
`

/** memory(): {bytes that Redis takes, the most that it may take (0: not set)}; -1 stands for what it does not tell. */
export const MEMORY = `
local function memory()
  -- A user may be forbidden to ask, and what is hosted may not know.
  local told = redis.pcall('INFO', 'memory')
  if type(told) ~= 'string' then told = '' end
  local function bytes(name) return tonumber(string.match(told, '\\n' .. name .. ':(%d+)') or -1) end
  return {bytes('used_memory'), bytes('maxmemory')}
end
`

/**
 * append(queue, size, id, deadline, bytes, needed_ms): puts a job at the end of a queue whose stream_size is `size`; returns its entry and
 * its number among all the queue ever had, or nil. The queue's own TTL only ever grows, since edges with different settings share it; by
 * twice what is needed, so that few jobs have to prolong it.
 */
export const APPEND = `
local function append(queue, size, id, deadline, bytes, needed_ms)
  local count = tonumber(bytes) or 0
  local entry = redis.call('XADD', queue, '*', 'job', id, 'deadline', deadline, 'bytes', integer(count),
    'sum', integer(size.last.sum + count), 'nth', integer(size.last.nth + 1))
  if redis.call('PTTL', queue) < needed_ms then redis.call('PEXPIRE', queue, integer(2 * needed_ms)) end
  return entry, size.added and integer(size.added + 1)
end
`

/**
 * come_back(key, first_ms, every_ms, latest_ms): in how many milliseconds one who is refused is to come back: in first_ms at the earliest, at
 * latest_ms at the latest, and every_ms after the one that was refused before him, whose moment stands in `key`. On a Redis that is full all
 * are told the same.
 */
export const COME_BACK = `
local function come_back(key, first_ms, every_ms, latest_ms)
  local last = tonumber(redis.call('GET', key) or '') or 0
  local in_ms = math.min(math.max(first_ms, last + every_ms - now_ms()), math.max(first_ms, latest_ms))
  redis.pcall('SET', key, string.format('%.3f', now_ms() + in_ms), 'PX', math.max(1, math.ceil(in_ms)))
  return in_ms
end
`
