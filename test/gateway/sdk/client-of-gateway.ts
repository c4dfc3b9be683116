import { type RedisConfigNodejs, Redis as UpstashRedis } from '@upstash/redis'
import { afterAll, beforeAll } from 'vitest'
import type { OwnRedis } from '../../../local-stack/redis-server.ts'
import { type TestGateway, testGateway } from '../../support/gateway.ts'
import { startOwnRedis } from '../../support/own-redis.ts'

export interface ClientOfGateway {
  gateway: TestGateway
  redisUrl: string
  connect: (options?: Partial<RedisConfigNodejs>) => UpstashRedis
}

/** A gateway for one file, and Upstash's client, unchanged. With a Redis of its own, since other files make the run's forget its scripts. */
export function clientOfGateway(): ClientOfGateway {
  let redis: OwnRedis
  let gateway: TestGateway
  beforeAll(async () => {
    redis = await startOwnRedis()
    gateway = await testGateway(redis.url)
  })
  afterAll(async () => {
    await gateway.close()
    await redis.stop()
  })
  return {
    get gateway() {
      return gateway
    },
    get redisUrl() {
      return redis.url
    },
    connect: (options = {}) => {
      const { url, token } = gateway
      return new UpstashRedis({ url, token, retry: false, enableTelemetry: false, ...options })
    },
  }
}
