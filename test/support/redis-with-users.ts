import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { REDIS_ROLES, type RedisRole } from '../../shared/redis-access.ts'
import { startOwnRedis } from './own-redis.ts'
import { processEnv } from './process-env.ts'

export interface RedisWithUsers {
  /** Addresses of the users that `npx edgebatch acl` made. */
  urls: Record<RedisRole, string>
  /** May do all there is: for looking at what is really there. */
  owner: Redis
  stop: () => Promise<void>
}

/** A Redis of one's own, set up by `npx edgebatch acl`; nobody gets in but its users. To be stopped. */
export async function startRedisWithUsers(): Promise<RedisWithUsers> {
  const redis = await startOwnRedis()
  const owner = new Redis(redis.url, { protocol: 2 })
  const urls = await applyAcl(owner, redis.url)
  await owner.acl('SETUSER', 'default', 'resetpass', `>${crypto.randomUUID()}`)
  const stop = async () => {
    owner.disconnect()
    await redis.stop()
  }
  return { urls: urls as Record<RedisRole, string>, owner, stop }
}

/** Runs `npx edgebatch acl` and gives what it prints to Redis. Returns the addresses that it tells, of the users it made. */
export async function applyAcl(
  owner: Redis,
  redisUrl: string,
  ...args: string[]
): Promise<Partial<Record<RedisRole, string>>> {
  const { stdout, stderr } = await printedAcl(...args)
  for (const line of stdout.trim().split('\n')) {
    const [command = '', ...rest] = line.split(' ')
    await owner.call(command, ...rest)
  }
  return urlsIn(stderr, new URL(redisUrl).host)
}

export function printedAcl(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, ['cli/main.ts', 'acl', ...args], { env: processEnv() })
}

export function urlsIn(told: string, host: string): Partial<Record<RedisRole, string>> {
  const found = REDIS_ROLES.flatMap((role) => {
    const [, url] = new RegExp(`REDIS_URL=(redis://edgebatch-${role}:\\S+)`).exec(told) ?? []
    return url === undefined ? [] : [[role, url.replace('HOST:6379', host)]]
  })
  return Object.fromEntries(found)
}
