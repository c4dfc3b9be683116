import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'

/**
 * Publishes the manifests that a pool serves and forgets those that no pool has announced for their whole TTL. The TTL is
 * long (days): the edge must know a model while all pools are scaled to zero, since the jobs it accepts wake them.
 *
 * KEYS  1 models (hash)
 * ARGV  1 manifest TTL, ms  then model, manifest JSON, model, manifest JSON...
 * Returns the number of models known
 *
 * It begins with a write that needs no memory, as claim does: a pool must be able to start on a Redis that is full.
 */
export const announceScript: LuaScript = {
  name: 'announce',
  source: `${NOW_MS}${INTEGER}
local models, ttl_ms = KEYS[1], tonumber(ARGV[1])
local now = now_ms()
redis.call('HDEL', models, '')

for i = 2, #ARGV, 2 do
  redis.call('HSET', models, ARGV[i], integer(now + ttl_ms) .. ' ' .. ARGV[i + 1])
end
local known = redis.call('HGETALL', models)
for i = 1, #known, 2 do
  local until_ms = tonumber(string.match(known[i + 1], '^%d+'))
  if not until_ms or until_ms <= now then redis.call('HDEL', models, known[i]) end
end
redis.call('PEXPIRE', models, ARGV[1])
return redis.call('HLEN', models)
`,
}
