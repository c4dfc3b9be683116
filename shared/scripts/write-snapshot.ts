import type { LuaScript } from '../redis-commands.ts'

/**
 * Keeps what was seen in a minute, unless another has done so already: the first one's is as good as any. Safe to repeat.
 *
 * KEYS  1 history (stream)
 * ARGV  1 the minute, ms  2 snapshot, JSON  3 how many are kept  4 TTL, ms
 * Returns 1, or 0 if that minute, or a later one, was there
 */
export const writeSnapshotScript: LuaScript = {
  name: 'write-snapshot',
  source: `
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '=', ARGV[3], ARGV[1] .. '-0', 'snapshot', ARGV[2])
if type(added) == 'table' and added.err then
  if string.find(added.err, 'equal or smaller', 1, true) then return 0 end
  return added
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`,
}
