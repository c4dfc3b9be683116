import { Redis } from 'ioredis'
import { inject } from 'vitest'
import { aclRules } from '../../cli/acl/acl-rules.ts'
import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses of the run's Redis for users that may do no more than these parts need, under the prefixes that tests take. */
    redisUrls: Record<RedisRole, string>
  }
}

/** Tests take prefixes of their own that begin so. */
const PREFIX_PATTERN = 'test:*:'

/** Makes users as `npx edgebatch acl` prints them. `remove` ends them. */
export async function makeRedisUsers(
  redisUrl: string,
): Promise<{ urls: Record<RedisRole, string>; remove: () => Promise<void> }> {
  const redis = new Redis(redisUrl, { protocol: 2 })
  const run = crypto.randomUUID()
  const made = REDIS_ROLES.map((role) => ({
    role,
    name: `test-${role}-${run}`,
    password: crypto.randomUUID(),
  }))
  for (const { role, name, password } of made)
    await redis.call('ACL', 'SETUSER', name, 'on', `>${password}`, ...aclRules(role, PREFIX_PATTERN))
  const urls = Object.fromEntries(
    made.map(({ role, name, password }) => [role, withUser(redisUrl, name, password)]),
  ) as Record<RedisRole, string>
  const remove = async () => {
    await redis.call('ACL', 'DELUSER', ...made.map(({ name }) => name))
    redis.disconnect()
  }
  return { urls, remove }
}

export function withUser(redisUrl: string, name: string, password: string): string {
  return Object.assign(new URL(redisUrl), { username: name, password }).href
}

/** The run's Redis as that part would reach it. */
export function redisUrlOf(role: RedisRole): string {
  return inject('redisUrls')[role]
}
