import { FOLLOWERS_KEPT_MS, TOMBSTONE_MS, WEBHOOKS_KEPT_MS } from '../job-lifetime.ts'
import { APPEND, READ_STATE, STREAM_SIZE } from './lua-parts.ts'

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

-- What its leader was suspected of, it is: its input is the same.
local function run_instead(base, id, leader, chosen, latest)
  local queue = base .. 'queue:' .. chosen.version .. ':' .. chosen.priority
  local needed_ms = latest - now_ms() + tonumber(chosen.state.result_ttl)
  local entry, seq = append(queue, stream_size(queue), chosen.id, chosen.state.deadline, chosen.state.bytes, needed_ms)
  redis.call('RENAME', base .. 'input:' .. id, base .. 'input:' .. chosen.id)
  redis.call('PEXPIREAT', base .. 'input:' .. chosen.id, integer(latest))
  redis.call('HDEL', chosen.job, 'follows')
  redis.call('HSET', chosen.job, 'entry', entry, 'seq', seq or '')
  if leader.alone then
    redis.call('HSET', chosen.job, 'alone', '1', 'lost', leader.lost or '0', 'not_before', leader.not_before or '0')
  end
  if chosen.cache and redis.call('GET', base .. 'cache:' .. chosen.cache) == id then
    redis.call('SET', base .. 'cache:' .. chosen.cache, chosen.id, 'KEEPTTL')
  end
end

local function promote(base, id, leader)
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
    run_instead(base, id, leader, chosen, latest)
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
  else
    -- It may have been kept for followers that have ended since.
    redis.call('DEL', base .. 'input:' .. id)
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
  if fields[2] == 'canceled' or fields[2] == 'expired' then return promote(base, id, state) end
  for _, follower in ipairs(live_followers(base, id)) do
    local late = tonumber(follower.state.deadline) <= now_ms()
    local expired = {'status', 'expired', 'completed_at', follower.state.deadline}
    finish(base, follower.id, follower.job, follower.state, late and expired or fields)
  end
  redis.call('DEL', base .. 'followers:' .. id)
end
`
