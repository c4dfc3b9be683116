import { LATEST_RETURN_MS, RETURN_SHARE } from '../coming-back.ts'
import { JOIN_WITHIN_MS } from '../job-lifetime.ts'
import type { LuaScript } from '../redis-commands.ts'
import { DROP_DEAD_ENTRIES } from './dead-entries.ts'
import { FINISH } from './finish-job.ts'
import { COME_BACK, INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'

/** Jobs that get the result of one that is on its way: they are ended together, while nobody else is served by Redis. */
const MAX_FOLLOWERS = 100
/** Hundreds of entries of each queue that are looked at for dead ones, at most. */
const DEAD_PAGES = 3

/**
 * Accepts a job, or says why not; all or nothing. Safe to repeat: a second call with the same job changes nothing.
 *
 * KEYS  1 queue (stream)  2 job (hash)  3 input (string)  4... queues that are served before it (streams)
 * ARGV  1 options, JSON on one line:
 *         base          what the model's keys begin with        id            the job's
 *         backlog_limit jobs ahead at which it is refused       deadline_ms   from now
 *         bytes_limit   of the inputs of these and its own
 *         result_ttl_ms, tombstone_ms                           group         consumer group
 *         has_webhook
 *         back          {key, every_ms, least_ms, room_ms}: when to come back to a queue that is full; room_ms for each job ahead
 *         key           {hash, id, record, rate_key, back_key, limit, window_ms}: the API key; the last four only if it has a rate
 *         idempotency   {key, fingerprint, ttl_ms}
 *         cache         {key, ttl_ms}
 *         fields        [field, value, field, value...]: what else the job hash shall hold
 *       2 payload
 *       or both as 1, with a line feed between them: where the way here carries bytes in the last argument alone
 * Returns {outcome, now in ms, id, fields of the job or {}, position or -1, of the rate remaining or -1, ms until it is all there,
 *          number in the queue or -1}
 *         'queued'       accepted
 *         'exists'       the same call was accepted before; nothing was written
 *         'replayed'     another call with this Idempotency-Key was accepted before: its job; nothing was written
 *         'hit'          the result was there: the job has it
 *         'joined'       the same input is on its way: the job gets that result
 *         'mismatch'     the Idempotency-Key was used for something else; nothing was written, as below
 *         'key-changed'  Redis holds no such key, or another record of it
 *         'rate-limited' its rate is used up; the time in ms is when to come back: one more is there then
 *         'full'         the limit is reached; the position is that of the last job that is there, the time when to come back
 * Of those refused, nothing is written but when the next one is to come back.
 *
 * The rate is GCRA (the leaky bucket as a virtual schedule): one number, the time at which all of it will be there again.
 * Entries carry their deadline: once the limit is reached, the dead among the oldest are dropped (no pool was there to do so), of
 * all queues that count.
 *
 * All is read before anything is written: what fails half-way would leave a job that nobody runs.
 */
export const enqueueScript: LuaScript = {
  name: 'enqueue',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${COME_BACK}${FINISH}${DROP_DEAD_ENTRIES}
local queue, job, input = KEYS[1], KEYS[2], KEYS[3]
local head, payload = ARGV[1], ARGV[2]
if not payload then
  local at = string.find(head, '\\n', 1, true)
  head, payload = string.sub(head, 1, at - 1), string.sub(head, at + 1)
end
local o = cjson.decode(head)
local remaining, reset_ms, rate_until = -1, 0, nil

local function answer(outcome, id, fields, position, seq)
  return {outcome, now_ms(), id or o.id, fields or {}, position or -1, remaining, math.ceil(reset_ms), seq or -1}
end

local function use_rate()
  local interval = o.key.window_ms / o.key.limit
  local until_ms = math.max(tonumber(redis.call('GET', o.key.rate_key) or 0), now_ms()) + interval
  local over_ms = until_ms - now_ms() - o.key.window_ms
  if over_ms > 0 then
    remaining, reset_ms = 0, come_back(o.key.back_key, over_ms, interval / ${RETURN_SHARE}, ${LATEST_RETURN_MS})
    return false
  end
  remaining, reset_ms, rate_until = math.floor(-over_ms / interval + 1e-6), until_ms - now_ms(), until_ms
  return true
end

local function write(status, fields, kept_ms)
  local all = {'status', status, 'created_at', integer(now_ms()), 'deadline', integer(now_ms() + o.deadline_ms),
    'result_ttl', integer(o.result_ttl_ms), 'attempt', '0', 'bytes', integer(#payload)}
  for i = 1, #o.fields do all[#all + 1] = o.fields[i] end
  for i = 1, #fields do all[#all + 1] = fields[i] end
  redis.call('HSET', job, unpack(all))
  redis.call('PEXPIRE', job, integer(kept_ms))
  if rate_until then
    redis.call('SET', o.key.rate_key, string.format('%.3f', rate_until), 'PX', math.max(1, math.ceil(rate_until - now_ms())))
  end
  if o.idempotency then
    redis.call('SET', o.idempotency.key, o.idempotency.fingerprint .. ' ' .. o.id, 'PX', integer(o.idempotency.ttl_ms))
  end
end
local until_forgotten_ms = o.deadline_ms + o.result_ttl_ms + o.tombstone_ms

local function result_of(leader, state)
  local fields = redis.call('HMGET', leader, 'model_version', 'predictions', 'embedding', 'tensors', 'predict_ms',
    'batch_size', 'completed_at')
  local kept_ms = math.min(o.cache.ttl_ms, tonumber(state.result_ttl))
  if not is_count(fields[7]) or tonumber(fields[7]) + kept_ms <= now_ms() then return nil end
  local now = integer(now_ms())
  local copy = {'started_at', now, 'completed_at', now, 'model_version', fields[1]}
  for i, name in ipairs({'predictions', 'embedding', 'tensors', 'predict_ms', 'batch_size'}) do
    if fields[i + 1] then copy[#copy + 1], copy[#copy + 2] = name, fields[i + 1] end
  end
  return copy
end

local function may_follow(leader, state, leader_id)
  if state.follows or tonumber(state.deadline) <= now_ms() then return false end
  local priority, created_at = unpack(redis.call('HMGET', leader, 'priority', 'created_at'))
  local own = string.match(queue, '[^:]*$')
  if not ranks[priority] or ranks[priority] > ranks[own] then return false end
  if not is_count(created_at) or tonumber(created_at) + ${JOIN_WITHIN_MS} < now_ms() then return false end
  if now_ms() + o.deadline_ms > tonumber(state.deadline) + ${JOIN_WITHIN_MS} then return false end
  return redis.call('LLEN', o.base .. 'followers:' .. leader_id) < ${MAX_FOLLOWERS}
end

-- It may have to run on the input that is there, which says nothing of how it came.
local function follow(leader_id, leader, state, encoding)
  local followers, shared_input = o.base .. 'followers:' .. leader_id, o.base .. 'input:' .. leader_id
  write('queued', {'follows', leader_id, 'encoding', encoding or '', 'bytes', state.bytes or '0'}, until_forgotten_ms)
  redis.call('HSET', leader, 'followed', '1')
  redis.call('RPUSH', followers, o.id)
  local kept_ms = tonumber(state.deadline) - now_ms() + 2 * ${JOIN_WITHIN_MS}
  if redis.call('PTTL', followers) < kept_ms then redis.call('PEXPIRE', followers, integer(kept_ms)) end
  if redis.call('PTTL', shared_input) < o.deadline_ms then redis.call('PEXPIRE', shared_input, integer(o.deadline_ms)) end
  if o.has_webhook then schedule_webhook(o.base, o.id, now_ms() + o.deadline_ms) end
end

local function from_cache()
  local leader_id = redis.call('GET', o.cache.key)
  if not leader_id then return nil end
  local leader = o.base .. 'job:' .. leader_id
  local state, told = read_state(leader, 'encoding')
  if not state.sound then return nil end
  if state.open then
    if not may_follow(leader, state, leader_id) then return nil end
    follow(leader_id, leader, state, told[1])
    return answer('joined', o.id, redis.call('HGETALL', job))
  end
  local result = state.status == 'succeeded' and result_of(leader, state)
  if not result then return nil end
  write('succeeded', result, o.result_ttl_ms + o.tombstone_ms)
  if o.has_webhook then schedule_webhook(o.base, o.id, now_ms()) end
  return answer('hit', o.id, redis.call('HGETALL', job))
end

local size, ahead
if redis.call('EXISTS', job) == 1 then return answer('exists', o.id, redis.call('HGETALL', job)) end
if o.key and redis.call('HGET', o.key.hash, o.key.id) ~= o.key.record then return answer('key-changed') end
if o.idempotency then
  local used = redis.call('GET', o.idempotency.key)
  local fingerprint, id = string.match(used or '', '^(%S+) (%S+)$')
  local model = string.match(id or '', '^[^.]*%.(.+)$')
  local base = model and string.match(o.base, '^(.*){') .. '{' .. model .. '}:'
  local fields = base and redis.call('HGETALL', base .. 'job:' .. id) or {}
  if fingerprint and fingerprint ~= o.idempotency.fingerprint then return answer('mismatch') end
  if #fields > 0 then return answer('replayed', id, fields) end
end
if o.key and o.key.rate_key and not use_rate() then return answer('rate-limited') end
local cached = o.cache and from_cache()
if cached then return cached end

local function is_full()
  size = stream_size(queue)
  ahead = size.length
  local bytes = size.bytes + #payload
  for i = 4, #KEYS do
    local before = stream_size(KEYS[i])
    ahead, bytes = ahead + before.length, bytes + before.bytes
  end
  return ahead >= o.backlog_limit or (ahead > 0 and bytes > o.bytes_limit)
end

local deadline = integer(now_ms() + o.deadline_ms)
if is_full() then
  -- Before anything is dropped: a Redis that is full refuses this, but nothing that comes after a script's first write.
  redis.call('SET', input, payload, 'PXAT', deadline)
  drop_dead_entries(queue, o.base, o.group, ${DEAD_PAGES})
  for i = 4, #KEYS do drop_dead_entries(KEYS[i], o.base, o.group, ${DEAD_PAGES}) end
  if is_full() then
    redis.call('DEL', input)
    local first_ms = math.min(math.max(o.back.least_ms, o.back.room_ms * ahead), ${LATEST_RETURN_MS})
    remaining, reset_ms = -1, come_back(o.back.key, first_ms, o.back.every_ms, ${LATEST_RETURN_MS})
    return answer('full', o.id, {}, ahead)
  end
end

local entry, seq = append(queue, size, o.id, deadline, #payload, o.deadline_ms + o.result_ttl_ms)
write('queued', {'entry', entry, 'seq', seq or ''}, until_forgotten_ms)
redis.call('SET', input, payload, 'PXAT', deadline)
if o.has_webhook then schedule_webhook(o.base, o.id, now_ms() + o.deadline_ms) end
if o.cache then redis.call('SET', o.cache.key, o.id, 'PX', integer(o.deadline_ms + o.cache.ttl_ms)) end
return answer('queued', o.id, {}, ahead + 1, tonumber(seq))
`,
}
