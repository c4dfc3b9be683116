import type { LuaScript } from '../redis-commands.ts'

/**
 * A pool that ends says so: from now on it serves nothing. What it served stays known, for the jobs that wake the next pool.
 *
 * KEYS  1 workers (hash)
 * ARGV  1 pool's id
 * Returns 1, or 0 if it was not known
 */
export const poolLeaveScript: LuaScript = {
  name: 'pool-leave',
  source: `return redis.call('HDEL', KEYS[1], ARGV[1])`,
}
