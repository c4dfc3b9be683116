import type { LuaScript } from '../redis-commands.ts'

/**
 * Makes sure that the queues of a model's version and their consumer groups exist. Groups start at 0, so that jobs accepted before the
 * first pool came are served. A queue made here expires like any other, unless jobs keep it alive.
 *
 * KEYS  queues (streams)
 * ARGV  1 group  2 TTL of a queue that has none yet, ms
 * Returns how many groups were made; the others existed
 *
 * It begins with a write that needs no memory, as claim does: a pool must be able to start on a Redis that is full.
 */
export const ensureQueueScript: LuaScript = {
  name: 'ensure-queue',
  source: `
redis.call('XACK', KEYS[1], ARGV[1], '0-0')
local groups = 0
for _, queue in ipairs(KEYS) do
  local made = redis.pcall('XGROUP', 'CREATE', queue, ARGV[1], '0', 'MKSTREAM')
  if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
  if redis.call('PTTL', queue) == -1 then redis.call('PEXPIRE', queue, ARGV[2]) end
  if made.ok then groups = groups + 1 end
end
return groups
`,
}
