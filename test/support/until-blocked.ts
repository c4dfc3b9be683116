import type { Redis } from 'ioredis'

/** Until so many clients of a Redis wait in a read. A test that cuts such a read off earlier cuts nothing: it is sent again, and waits for ever. */
export async function untilBlocked(redis: Redis, count = 1): Promise<void> {
  const blocked = async () => /^blocked_clients:(\d+)/m.exec(await redis.info('clients'))?.[1]
  while (Number(await blocked()) < count);
}
