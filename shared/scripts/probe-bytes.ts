import type { LuaScript } from '../redis-commands.ts'

/** Tells what came as its argument. KEYS none. ARGV 1 anything. Returns it. */
export const probeBytesScript: LuaScript = { name: 'probe-bytes', source: 'return ARGV[1]' }
