import type { LuaScript } from '../redis-commands.ts'

/**
 * Makes sure that a model's queue and its consumer group exist. The group starts at 0, so that jobs accepted before the
 * first pool came are served. A queue made here expires like any other, unless jobs keep it alive.
 *
 * KEYS  1 queue (stream)
 * ARGV  1 group  2 TTL of a queue that has none yet, ms
 * Returns 1 if the group was made, 0 if it existed
 *
 * It begins with a write that needs no memory, as claim does: a pool must be able to start on a Redis that is full.
 */
export const ensureQueueScript: LuaScript = {
  name: 'ensure-queue',
  source: `
redis.call('XACK', KEYS[1], ARGV[1], '0-0')
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP', 1, true) then return made end
if redis.call('PTTL', KEYS[1]) == -1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return made.ok and 1 or 0
`,
}
