/** Local Lua functions that several scripts begin with. */

/** now_ms(): Redis' clock in milliseconds, the only clock that deadlines are held against. */
export const NOW_MS = `
local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
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
 * finish(job, channel, result_ttl, fields): writes a terminal state and tells whoever waits. The message is the whole
 * job hash as JSON on one line, sent after the write, so that who reads upon it sees it.
 */
export const FINISH = `
local function finish(job, channel, result_ttl, fields)
  redis.call('HSET', job, unpack(fields))
  redis.call('PEXPIRE', job, result_ttl)
  local flat, settled = redis.call('HGETALL', job), {}
  for i = 1, #flat, 2 do settled[flat[i]] = flat[i + 1] end
  redis.call('PUBLISH', channel, cjson.encode(settled))
end
`
