import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../shared/clock.ts'
import { RedisReplyError, RedisUnreachableError } from '../shared/redis-commands.ts'
import { refusal, unreachable } from './redis-failure.ts'
import { RedisRest } from './redis-rest.ts'

test.each([
  ['https://redis.example', 'redis.example:443: TypeError: fetch failed'],
  ['http://gateway.internal', 'gateway.internal:80: TypeError: fetch failed'],
  ['http://user:secret@[::1]:8079/secret?_token=secret', '[::1]:8079: TypeError: fetch failed'],
])('a call to %s that fails names host and port, and no more of the address', (url, message) => {
  expect(unreachable(new TypeError('fetch failed'), url)).toEqual(new RedisUnreachableError(message))
})

test('an answer in Redis’ words is theirs; any other names where it came from, and nothing of itself', () => {
  const url = 'https://redis.example'
  expect(refusal('OOM command not allowed, command was: secret', 'UpstashError', url)).toEqual(
    new RedisReplyError('OOM command not allowed'),
  )
  expect(refusal('<html>secret', 'UpstashError', url)).toEqual(
    new RedisUnreachableError('redis.example:443: UpstashError'),
  )
})

test('where nobody listens it says so', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const redis = new RedisRest(
    { url: `http://127.0.0.1:${port}/secret`, token: 'secret', timeoutMs: 60_000 },
    systemClock,
  )
  await expect(redis.readHash('key')).rejects.toThrow(
    new RedisUnreachableError(`127.0.0.1:${port}: TypeError: fetch failed (ECONNREFUSED)`),
  )
})
