import { SUPERSEDED_TTL_MS } from '../announcement.ts'
import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * A pool's heartbeat: says that it lives and what it serves, and forgets pools and manifests whose time is over. A manifest's TTL
 * is long (months): the edge must know a model while all pools are scaled to zero, since the jobs it accepts wake them. It is made
 * shorter for a version that no pool has announced for a pool's TTL, where this one serves others of its model.
 * A withdrawn version is forgotten at once, unless another pool lists it that is not over; a pool that died is over only after its
 * TTL, so that who withdraws has to say it again.
 *
 * KEYS  1 models (hash)  2 workers (hash)
 * ARGV  1 pool's id  2 pool's TTL, ms  3 pool's record, JSON with `models`  4 manifest TTL, ms  5 number of versions served
 *       then for each: name@version, manifest JSON  then the withdrawn ones: name@version...
 * Returns those withdrawn that others list
 *
 * It begins with a write that needs no memory, as claim does: a pool must be able to start on a Redis that is full.
 */
export const announceScript: LuaScript = {
  name: 'announce',
  source: `${NOW_MS}${INTEGER}
local models, workers, pool = KEYS[1], KEYS[2], ARGV[1]
local pool_ttl_ms, manifest_ttl_ms, served = tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()
redis.call('HDEL', models, '')

local function is_over(text)
  local until_ms = tonumber(string.match(text, '^(%d+) '))
  return not until_ms or until_ms <= now
end

redis.call('HSET', workers, pool, integer(now + pool_ttl_ms) .. ' ' .. ARGV[3])
-- What others serve is asked for only then: their records are long where there are many versions, and there may be hundreds.
local withdraws = #ARGV > 5 + 2 * served
local served_by_others = {}
local pools = redis.call('HGETALL', workers)
for i = 1, #pools, 2 do
  if is_over(pools[i + 1]) then
    redis.call('HDEL', workers, pools[i])
  elseif withdraws and pools[i] ~= pool then
    local read, record = pcall(cjson.decode, string.match(pools[i + 1], ' (.*)'))
    local theirs = read and type(record) == 'table' and record.models
    for _, id in ipairs(type(theirs) == 'table' and theirs or {}) do served_by_others[id] = true end
  end
end

local prefix = integer(now + manifest_ttl_ms) .. ' ' .. integer(now) .. ' '
local serves_some_of = {}
for i = 6, 5 + 2 * served, 2 do
  redis.call('HSET', models, ARGV[i], prefix .. ARGV[i + 1])
  serves_some_of[string.match(ARGV[i], '^[^@]*')] = true
end
local kept = {}
for i = 6 + 2 * served, #ARGV do
  if served_by_others[ARGV[i]] then kept[#kept + 1] = ARGV[i] else redis.call('HDEL', models, ARGV[i]) end
end
local known = redis.call('HGETALL', models)
for i = 1, #known, 2 do
  local until_ms, seen_ms, manifest = string.match(known[i + 1], '^(%d+) (%d+) (.*)$')
  local superseded_ms = now + ${SUPERSEDED_TTL_MS}
  if not until_ms or is_over(known[i + 1]) then
    redis.call('HDEL', models, known[i])
  elseif serves_some_of[string.match(known[i], '^[^@]*')] and tonumber(seen_ms) + pool_ttl_ms < now
    and tonumber(until_ms) > superseded_ms then
    redis.call('HSET', models, known[i], integer(superseded_ms) .. ' ' .. seen_ms .. ' ' .. manifest)
  end
end

redis.call('PEXPIRE', models, ARGV[4])
redis.call('PEXPIRE', workers, ARGV[2])
return kept
`,
}
