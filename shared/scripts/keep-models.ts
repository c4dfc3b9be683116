import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Keeps known what the last pools of each model served, so that a job that comes after weeks without any still wakes a machine. What was
 * superseded before they went is forgotten in its time, and so is what no pool has served for `longest`.
 *
 * KEYS  1 models (hash)
 * ARGV  1 manifest TTL, ms  2 pool TTL, ms: versions that were announced so shortly one after the other were served together  3 longest, ms
 * Returns how many were prolonged; none while they have more than half of their TTL left
 */
export const keepModelsScript: LuaScript = {
  name: 'keep-models',
  source: `${NOW_MS}${INTEGER}
local models, ttl_ms, pool_ttl_ms, longest_ms = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local known, newest, all = {}, {}, redis.call('HGETALL', models)
for i = 1, #all, 2 do
  local name = string.match(all[i], '^([^@]+)@')
  local until_ms, seen_ms, manifest = string.match(all[i + 1], '^(%d+) (%d+) (.*)$')
  until_ms, seen_ms = tonumber(until_ms), tonumber(seen_ms)
  if name and until_ms and until_ms > now_ms() then
    known[#known + 1] = {id = all[i], name = name, until_ms = until_ms, seen_ms = seen_ms, manifest = manifest}
    newest[name] = math.max(newest[name] or 0, seen_ms)
  end
end

local prolonged = 0
for _, model in ipairs(known) do
  local is_last = model.seen_ms >= newest[model.name] - pool_ttl_ms
  local is_short = model.until_ms < now_ms() + ttl_ms / 2
  if is_last and is_short and now_ms() < model.seen_ms + longest_ms then
    redis.call('HSET', models, model.id, integer(now_ms() + ttl_ms) .. ' ' .. integer(model.seen_ms) .. ' ' .. model.manifest)
    prolonged = prolonged + 1
  end
end
if prolonged > 0 then redis.call('PEXPIRE', models, ARGV[1]) end
return prolonged
`,
}
