import { DEAD_LETTERS_KEPT_MS, MAX_DEAD_LETTERS } from '../job-lifetime.ts'

/**
 * lose_attempt(policy, base, id, job, state, reason): what becomes of a job, now `processing`, whose attempt has come to nothing through no
 * result of the model. It is queued again, to be run alone after a back-off; its entry stays, and is whoever's it was. After as many lost
 * attempts as `policy` allows, it ends as failed and becomes a dead letter, which keeps its input; then its entry has ended. Returns the time
 * before which it is not to be run, in ms, or nil if it is dead.
 *
 * policy: {max_attempts, backoff_ms, longest_backoff_ms, random (0 to 1)}. The back-off doubles with each attempt; up to half of it is left
 * out by chance, so that jobs lost together do not come back together.
 *
 * Stands after FINISH and ENDED_ENTRIES.
 */
export const LOSE_ATTEMPT = `
local function bury(base, id, job, state, lost, reason)
  local fields = redis.call('HGETALL', job)
  local stored = {}
  for i = 1, #fields, 2 do stored[fields[i]] = fields[i + 1] end
  local dead, kept = base .. 'dead', integer(now_ms() + ${DEAD_LETTERS_KEPT_MS})
  redis.call('XADD', dead, '*', 'job', id, 'version', stored.model_version or '', 'reason', reason,
    'attempts', integer(lost), 'pool', state.pool or '', 'at', integer(now_ms()), 'fields', cjson.encode(stored))
  redis.call('PEXPIREAT', dead, kept)
  local surplus = redis.call('XLEN', dead) - ${MAX_DEAD_LETTERS}
  if surplus > 0 then
    for _, letter in ipairs(redis.call('XRANGE', dead, '-', '+', 'COUNT', surplus)) do
      redis.call('DEL', base .. 'input:' .. letter[2][2])
      redis.call('XDEL', dead, letter[1])
    end
  end
  redis.call('PEXPIREAT', base .. 'input:' .. id, kept)
  finish(base, id, job, state, {'status', 'failed', 'error', 'attempts-exhausted', 'lost', integer(lost),
    'completed_at', integer(now_ms())})
end

local function lose_attempt(policy, base, id, job, state, reason)
  local lost = (tonumber(state.lost or '') or 0) + 1
  if lost >= policy.max_attempts then
    bury(base, id, job, state, lost, reason)
    return nil
  end
  local backoff = math.min(policy.longest_backoff_ms, policy.backoff_ms * 2 ^ (lost - 1))
  local not_before = now_ms() + math.floor(backoff * (1 - policy.random / 2))
  redis.call('HSET', job, 'status', 'queued', 'lost', integer(lost), 'alone', '1', 'not_before', integer(not_before))
  redis.call('HDEL', job, 'started_at')
  return not_before
end
`
