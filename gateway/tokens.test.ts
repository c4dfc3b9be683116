import { describe, expect, test } from 'vitest'
import { ConfigurationError } from '../shared/read-configuration.ts'
import { tokenSettings } from './tokens.ts'

const FULL = 'token-with-all-rights'
const READS = 'token-that-only-reads'
const none = { full: undefined, readOnly: undefined, more: undefined }

test('a full token and one that reads are for REDIS_URL', () => {
  expect(tokenSettings({ ...none, full: FULL, readOnly: READS })).toEqual([
    { name: 'default', token: FULL, readOnly: false, redisUrl: undefined },
    { name: 'default_ro', token: READS, readOnly: true, redisUrl: undefined },
  ])
})

test('more tokens may each have a name, a Redis and less rights', () => {
  const redis_url = 'rediss://web:password@redis.test:6380/2'
  const more = JSON.stringify([
    { name: 'web', token: 'token-of-the-web-client', read_only: true, redis_url },
    { name: 'jobs', token: 'token-of-the-job-runner' },
  ])
  expect(tokenSettings({ ...none, full: FULL, more })).toEqual([
    { name: 'default', token: FULL, readOnly: false, redisUrl: undefined },
    { name: 'web', token: 'token-of-the-web-client', readOnly: true, redisUrl: redis_url },
    { name: 'jobs', token: 'token-of-the-job-runner', readOnly: false, redisUrl: undefined },
  ])
})

describe('settings that do not fit are told without a token in it', () => {
  const web = { name: 'web', token: FULL }
  test.each([
    ['none at all', undefined, 'GATEWAY_TOKEN is not set'],
    ['no JSON', `[{"token": "${FULL}"`, 'GATEWAY_TOKENS: is not JSON'],
    ['no array', JSON.stringify(web), 'GATEWAY_TOKENS: '],
    ['an empty array', '[]', 'GATEWAY_TOKENS: '],
    ['no name', JSON.stringify([{ token: FULL }]), 'GATEWAY_TOKENS, 0.name: '],
    ['a name for no label', JSON.stringify([{ ...web, name: 'a b' }]), 'GATEWAY_TOKENS, 0.name: must be'],
    [
      'a short token',
      JSON.stringify([web, { name: 'b', token: FULL.slice(0, 15) }]),
      'GATEWAY_TOKENS, 1.token: must have at least 16',
    ],
    [
      'a token for a key',
      JSON.stringify([{ ...web, [FULL]: true }]),
      'GATEWAY_TOKENS, 0: has keys beside "name", "token", "read_only" and "redis_url"',
    ],
    [
      'no URL of a Redis',
      JSON.stringify([{ ...web, redis_url: `http://${FULL}@host` }]),
      'GATEWAY_TOKENS, 0.redis_url: must be a redis:// or rediss:// URL',
    ],
    [
      'a name twice',
      JSON.stringify([web, { ...web, token: READS }]),
      'GATEWAY_TOKENS: the name of "web" is also that of "web"',
    ],
    [
      'a token twice',
      JSON.stringify([web, { ...web, name: 'b' }]),
      'GATEWAY_TOKENS: the token of "b" is also that of "web"',
    ],
  ])('%s', (_, more, message) => {
    const read = () => tokenSettings({ ...none, more })
    expect(read).toThrow(ConfigurationError)
    expect(read).toThrow(message)
    expect(read).not.toThrow(FULL.slice(0, 15))
  })

  test('a name of ours in GATEWAY_TOKENS', () => {
    const more = JSON.stringify([{ name: 'default', token: READS }])
    expect(() => tokenSettings({ ...none, full: FULL, more })).toThrow('is also that of "default"')
  })
})
