import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import type { OwnRedis } from '../../local-stack/redis-server.ts'
import { openStream, type TestStream } from './event-stream.ts'
import { type TestGateway, testGateway } from './gateway.ts'
import { startOwnRedis } from './own-redis.ts'

/** A gateway and its Redis for one file, whose channels nobody else knows. */
export interface ListenedGateway {
  server: OwnRedis
  gateway: TestGateway
  /** For publishing, and for looking at who listens. */
  redis: Redis
  open: (channel: string) => Promise<TestStream>
  listeners: (channel: string) => Promise<number>
  /** Until the gateway has done what a client's end leads to; the test's time limit is all that bounds it. */
  untilNobodyListens: (channel: string) => Promise<void>
}

/** Starts them before the file's tests and ends them after; `env` adds to the gateway's settings. */
export function listenedGateway(env: Record<string, string> = {}): ListenedGateway {
  let server: OwnRedis
  let gateway: TestGateway
  let redis: Redis
  beforeAll(async () => {
    server = await startOwnRedis()
    gateway = await testGateway(server.url, env)
    redis = new Redis(server.url, { protocol: 2 })
  })
  afterAll(async () => {
    redis.disconnect()
    await gateway.close()
    await server.stop()
  })
  const listeners = async (channel: string) => (await redis.pubsub('NUMSUB', channel))[1] as number
  return {
    get server() {
      return server
    },
    get gateway() {
      return gateway
    },
    get redis() {
      return redis
    },
    open: (channel) => openStream(gateway, `/subscribe/${encodeURIComponent(channel)}`),
    listeners,
    untilNobodyListens: async (channel) => {
      while ((await listeners(channel)) > 0);
    },
  }
}

export const freshChannel = () => `test:${crypto.randomUUID()}`
