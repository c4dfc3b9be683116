import { Redis as UpstashRedis } from '@upstash/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientOfGateway } from './client-of-gateway.ts'
import { DirectRequester } from './direct-requester.ts'
import { FAMILIES } from './families/all.ts'
import { WAYS } from './ways.ts'

/** Upstash's client is asked the same twice: through the gateway, and with ioredis in place of its HTTP client. */
const at = clientOfGateway()
let redis: Redis

beforeAll(() => {
  redis = new Redis(at.redisUrl, { protocol: 2, stringNumbers: true })
})

afterAll(() => redis.disconnect())

describe.each(FAMILIES)('$name', ({ calls }) => {
  test.each(WAYS)('are answered as by Redis itself: $name', async ({ options, takes, send }) => {
    const direct = new UpstashRedis(new DirectRequester(redis))
    const taken = calls.filter(takes)
    await redis.flushall()
    const answers = await send(at.connect(options), taken)
    await redis.flushall()
    expect(answers).toEqual(await send(direct, taken))
    expect(answers.map(({ error }) => error !== undefined)).toEqual(taken.map(({ fails }) => fails === true))
  })
})
