import type { Redis } from 'ioredis'

const SAFE = 'noeviction'

/** What a Redis that is full does, by its own word; undefined where it does not say: a user may be forbidden to ask, and not all have one. */
export async function readEvictionPolicy(redis: Pick<Redis, 'info'>): Promise<string | undefined> {
  const memory = await redis.info('memory').catch(() => '')
  return /^maxmemory_policy:(\S+)/m.exec(memory)?.[1]
}

/**
 * What to say of a policy by which Redis may drop jobs that were accepted; undefined if there is nothing to say. All policies but one may:
 * those that evict only what expires too, since everything of a job does.
 */
export function evictionWarning(policy: string | undefined): { found: string; fix: string } | undefined {
  if (policy === undefined || policy === SAFE) return undefined
  return {
    found: `Redis drops jobs that were accepted when its memory is full (maxmemory-policy ${policy})`,
    fix: `set maxmemory-policy ${SAFE}: then it refuses new ones, and callers are told (redis-cli CONFIG SET maxmemory-policy ${SAFE}, and in redis.conf; where Redis is hosted, turn eviction off)`,
  }
}
