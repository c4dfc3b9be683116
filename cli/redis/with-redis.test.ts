import { expect, test } from 'vitest'
import { readRedisSettings, withRedis } from './with-redis.ts'

test('an address with a password in it is refused, and the password not repeated', () => {
  const reading = () =>
    readRedisSettings({ UPSTASH_REDIS_REST_URL: 'https://default:s3cret@redis.example.com' })
  expect(reading).toThrow(/UPSTASH_REDIS_REST_URL: must be an address alone/)
  expect(reading).not.toThrow(/s3cret/)
})

test('who names no Redis is told what to set, and where it is said', async () => {
  const { signal: stopped } = new AbortController()
  await expect(withRedis({}, { stopped }, async () => {})).rejects.toThrow(
    'which Redis? Set REDIS_URL (npm start prints it), or UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN as the edge has them',
  )
})
