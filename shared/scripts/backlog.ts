import type { LuaScript } from '../redis-commands.ts'

/**
 * KEYS  queues (streams)
 * Returns how many jobs wait in them or are being served
 */
export const backlogScript: LuaScript = {
  name: 'backlog',
  source: `
local length = 0
for _, queue in ipairs(KEYS) do length = length + redis.call('XLEN', queue) end
return length
`,
}
