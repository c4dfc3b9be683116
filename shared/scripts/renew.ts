import type { LuaScript } from '../redis-commands.ts'

/** Entries of a pool that are looked through beside those that it asks for. */
const SLACK = 100

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
for _, queue in ipairs(KEYS) do
  local count = tonumber(ARGV[at])
  if count > 0 then
    local first, last, asked = ARGV[at + 1], ARGV[at + count], {}
    for i = at + 1, at + count do asked[ARGV[i]] = true end
    local pending = redis.pcall('XPENDING', queue, group, first, last, count + ${SLACK}, pool)
    local own = {}
    for _, item in ipairs(pending.err and {} or pending) do
      if asked[item[1]] then own[#own + 1] = item[1] end
    end
    if #own > 0 then
      redis.call('XCLAIM', queue, group, pool, 0, unpack(own), 'JUSTID')
      renewed = renewed + #own
    end
  end
  at = at + count + 1
end
return renewed
`,
}
