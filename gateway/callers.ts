import type { Redis } from 'ioredis'
import { ConfigurationError } from '../shared/read-configuration.ts'
import type { Caller, Grant } from './access.ts'
import { Monitor } from './monitor.ts'
import { GatewayRedis, monitorConnection } from './redis.ts'
import { Subscriptions } from './subscriptions.ts'
import type { TokenSetting } from './tokens.ts'

export interface CallerOptions {
  /** The Redis of tokens that name none. */
  redisUrl: string
  /** Opens a connection; `setting` is what named the address, for messages. */
  connect: (url: string, setting: string) => Promise<Redis>
}

/** One Redis that tokens are for, as the user and in the database that they are for. */
export type RedisServer = Pick<Caller, 'redis' | 'subscriptions' | 'monitor'>

export interface Callers {
  grants: Grant[]
  servers: RedisServer[]
}

/**
 * Connects to all that tokens are for. Tokens for the same address share their connections: one for commands, and one for
 * channels, since what is subscribed can run no other commands.
 */
export async function connectCallers(
  settings: readonly TokenSetting[],
  options: CallerOptions,
): Promise<Callers> {
  const servers = new Map<string, RedisServer>()
  const grants: Grant[] = []
  for (const { name, token, readOnly, redisUrl } of settings) {
    const url = redisUrl ?? options.redisUrl
    const server = servers.get(url) ?? (await connectServer(url, redisUrl && name, options))
    servers.set(url, server)
    if (readOnly) await expectCommandTable(server.redis, name)
    grants.push({ token, caller: { name, readOnly, ...server } })
  }
  return { grants, servers: [...servers.values()] }
}

async function connectServer(
  url: string,
  token: string | undefined,
  options: CallerOptions,
): Promise<RedisServer> {
  const setting = token === undefined ? 'REDIS_URL' : `redis_url of "${token}" in GATEWAY_TOKENS`
  const redis = await options.connect(url, setting)
  const subscriber = await options.connect(url, setting)
  return {
    redis: new GatewayRedis(redis),
    subscriptions: new Subscriptions(subscriber),
    monitor: new Monitor(() => monitorConnection(redis)),
  }
}

/** By it reads are told from writes. Throws ConfigurationError if Redis does not give it. */
async function expectCommandTable(redis: GatewayRedis, token: string): Promise<void> {
  await redis.commandTable().catch((error: Error) => {
    throw new ConfigurationError(
      `the token "${token}" may only read, for which its Redis user must be allowed COMMAND (${error.message})`,
    )
  })
}
