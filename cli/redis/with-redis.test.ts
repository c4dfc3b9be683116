import { expect, test } from 'vitest'
import { readRedisSettings } from './with-redis.ts'

test('an address with a password in it is refused, and the password not repeated', () => {
  const reading = () =>
    readRedisSettings({ UPSTASH_REDIS_REST_URL: 'https://default:s3cret@redis.example.com' })
  expect(reading).toThrow(/UPSTASH_REDIS_REST_URL: must be an address alone/)
  expect(reading).not.toThrow(/s3cret/)
})
