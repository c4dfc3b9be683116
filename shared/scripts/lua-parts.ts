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
    'followed', 'follows', ...)
  local state = {status = values[1], entry = values[2], deadline = values[3], result_ttl = values[4], attempt = values[5],
    watched = values[6], webhook = values[7], followed = values[8], follows = values[9]}
  state.sound = state.status and is_count(state.deadline) and is_count(state.result_ttl) and is_count(state.attempt)
  state.open = state.status == 'queued' or state.status == 'processing'
  return state, {unpack(values, 10)}
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

/** stream_size(queue): its length, and how many entries it ever had (nil where Redis does not tell: before 7.0). */
export const STREAM_SIZE = `
local function stream_size(queue)
  local info = redis.pcall('XINFO', 'STREAM', queue)
  if info.err then
    if string.find(info.err, 'no such key', 1, true) then return 0, 0 end
    error(info.err, 0)
  end
  local length, added
  for i = 1, #info, 2 do
    if info[i] == 'length' then length = info[i + 1] elseif info[i] == 'entries-added' then added = info[i + 1] end
  end
  return length, added
end
`

/**
 * append(queue, id, deadline, needed_ms): puts a job at the end of a queue; returns its entry. The queue's own TTL only ever grows, since
 * edges with different settings share it; by twice what is needed, so that few jobs have to prolong it.
 */
export const APPEND = `
local function append(queue, id, deadline, needed_ms)
  local entry = redis.call('XADD', queue, '*', 'job', id, 'deadline', deadline)
  if redis.call('PTTL', queue) < needed_ms then redis.call('PEXPIRE', queue, integer(2 * needed_ms)) end
  return entry
end
`

/** How long the hash of a job stays after its result's TTL, so that who asks learns that there was one. Milliseconds. */
export const TOMBSTONE_MS = 600_000

/**
 * A job may be joined for so long after it was accepted, and by jobs that may take so much longer than it, at most: what happens to
 * it happens to them. Milliseconds.
 */
export const JOIN_WITHIN_MS = 30_000
/** The list of its followers outlives a job's deadline by this. */
const FOLLOWERS_KEPT_MS = 2 * JOIN_WITHIN_MS
/** The webhooks' set is kept for so long after the last one was due: pools may be scaled to zero. */
const WEBHOOKS_KEPT_MS = 86_400_000

/**
 * finish(base, id, job, state, fields): writes a terminal state, once; `state` is what read_state gave, `base` what the model's keys begin
 * with. Who watches is told after the write, so that who reads upon it sees it: the job hash as JSON on one line. Its webhook is due at once.
 * Jobs that follow it end with the same; if it ended without a result of the model, promote() has the most urgent of them run.
 *
 * The hash has a TTL from the time it was accepted on; it is only shortened where much would be kept for long.
 */
export const FINISH = `${READ_STATE}${STREAM_SIZE}${APPEND}
local function tell(base, id, job)
  local flat, settled = redis.call('HGETALL', job), {}
  for i = 1, #flat, 2 do settled[flat[i]] = flat[i + 1] end
  redis.call('PUBLISH', base .. 'done:' .. id, cjson.encode(settled))
end

local function schedule_webhook(base, id, due_ms)
  local webhooks = string.match(base, '^(.*){[^{}]*}:$') .. 'webhooks'
  redis.call('ZADD', webhooks, integer(due_ms), id)
  if redis.call('PTTL', webhooks) < due_ms - now_ms() + ${WEBHOOKS_KEPT_MS} then
    redis.call('PEXPIREAT', webhooks, integer(due_ms + 2 * ${WEBHOOKS_KEPT_MS}))
  end
end

local finish
local ranks = {high = 1, normal = 2, low = 3}

local function live_followers(base, id)
  local live = {}
  for _, follower in ipairs(redis.call('LRANGE', base .. 'followers:' .. id, 0, -1)) do
    local job = base .. 'job:' .. follower
    local state, told = read_state(job, 'model_version', 'priority', 'cache')
    if state.sound and state.status == 'queued' and state.follows == id then
      live[#live + 1] = {id = follower, job = job, state = state, version = told[1], priority = told[2], cache = told[3]}
    end
  end
  return live
end

local function run_instead(base, id, chosen, latest)
  local queue = base .. 'queue:' .. chosen.version .. ':' .. chosen.priority
  local needed_ms = latest - now_ms() + tonumber(chosen.state.result_ttl)
  local entry = append(queue, chosen.id, chosen.state.deadline, needed_ms)
  local _, seq = stream_size(queue)
  redis.call('RENAME', base .. 'input:' .. id, base .. 'input:' .. chosen.id)
  redis.call('HDEL', chosen.job, 'follows')
  redis.call('HSET', chosen.job, 'entry', entry, 'seq', seq and integer(seq) or '')
  if chosen.cache and redis.call('GET', base .. 'cache:' .. chosen.cache) == id then
    redis.call('SET', base .. 'cache:' .. chosen.cache, chosen.id, 'KEEPTTL')
  end
end

local function promote(base, id)
  local waiting, chosen, latest = {}, nil, 0
  local runnable = redis.call('EXISTS', base .. 'input:' .. id) == 1
  for _, follower in ipairs(live_followers(base, id)) do
    if tonumber(follower.state.deadline) <= now_ms() then
      finish(base, follower.id, follower.job, follower.state, {'status', 'expired', 'completed_at', follower.state.deadline})
    elseif not runnable then
      finish(base, follower.id, follower.job, follower.state,
        {'status', 'failed', 'error', 'unreadable-input', 'completed_at', integer(now_ms())})
    else
      waiting[#waiting + 1] = follower
      latest = math.max(latest, tonumber(follower.state.deadline))
      if not chosen or ranks[follower.priority] < ranks[chosen.priority] then chosen = follower end
    end
  end
  if chosen then
    run_instead(base, id, chosen, latest)
    for _, follower in ipairs(waiting) do
      if follower ~= chosen then
        redis.call('RPUSH', base .. 'followers:' .. chosen.id, follower.id)
        redis.call('HSET', follower.job, 'follows', chosen.id)
      end
    end
    if #waiting > 1 then
      redis.call('HSET', chosen.job, 'followed', '1')
      -- Those that follow it now may have far longer than it: its end must be noticed as long as they wait.
      redis.call('PEXPIREAT', base .. 'followers:' .. chosen.id, integer(latest + ${FOLLOWERS_KEPT_MS}))
      redis.call('PEXPIREAT', chosen.job, integer(latest + tonumber(chosen.state.result_ttl) + ${TOMBSTONE_MS}))
    end
  end
  redis.call('DEL', base .. 'followers:' .. id)
end

function finish(base, id, job, state, fields)
  redis.call('HSET', job, unpack(fields))
  local kept_ms = tonumber(state.result_ttl) + ${TOMBSTONE_MS}
  if tonumber(state.deadline) - now_ms() > ${TOMBSTONE_MS} then redis.call('PEXPIRE', job, integer(kept_ms)) end
  if state.watched then tell(base, id, job) end
  if state.webhook then schedule_webhook(base, id, now_ms()) end
  if not state.followed then return end
  if fields[2] == 'canceled' or fields[2] == 'expired' then return promote(base, id) end
  for _, follower in ipairs(live_followers(base, id)) do
    local late = tonumber(follower.state.deadline) <= now_ms()
    local expired = {'status', 'expired', 'completed_at', follower.state.deadline}
    finish(base, follower.id, follower.job, follower.state, late and expired or fields)
  end
  redis.call('DEL', base .. 'followers:' .. id)
end
`
