import type { Redis } from 'ioredis'

/** Until Redis has expired a key. Redis is asked again and again, since its own clock decides. */
export async function untilGone(redis: Redis, key: string): Promise<void> {
  while ((await redis.exists(key)) === 1) await new Promise((resolve) => setImmediate(resolve))
}
