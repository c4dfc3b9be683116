import type { LuaScript } from '../redis-commands.ts'

/** Entries that one command names at most: Lua's stack holds some 8,000 values. */
const AT_ONCE = 1_000

/**
 * Begins the leases of a pool's entries anew: those of them that are still its own. What another has taken over stays that one's.
 *
 * KEYS  queues (streams)
 * ARGV  1 group  2 pool's id  then for each queue: how many entries follow, and so many entry ids, in their order
 * Returns how many were renewed. A queue or group that is missing is passed over.
 */
export const renewScript: LuaScript = {
  name: 'renew',
  source: `
local group, pool, at, renewed = ARGV[1], ARGV[2], 3, 0

-- Of the entries from first to last, which are asked for, those that are pending for this pool, and where looking goes on.
local function own_entries(queue, asked, first, last)
  local own = {}
  local pending = redis.pcall('XPENDING', queue, group, first, last, ${AT_ONCE}, pool)
  if pending.err then return own, nil end
  for _, item in ipairs(pending) do
    if asked[item[1]] then own[#own + 1] = item[1] end
  end
  return own, #pending == ${AT_ONCE} and '(' .. pending[#pending][1] or nil
end

for _, queue in ipairs(KEYS) do
  local count, asked = tonumber(ARGV[at]), {}
  local from, last = ARGV[at + 1], ARGV[at + count]
  for i = at + 1, at + count do asked[ARGV[i]] = true end
  while count > 0 and from do
    local own
    own, from = own_entries(queue, asked, from, last)
    if #own > 0 then
      own[#own + 1] = 'JUSTID'
      redis.call('XCLAIM', queue, group, pool, 0, unpack(own))
      renewed = renewed + #own - 1
    end
  end
  at = at + count + 1
end
return renewed
`,
}
