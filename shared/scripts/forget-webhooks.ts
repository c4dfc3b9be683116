import type { LuaScript } from '../redis-commands.ts'
import { INTEGER, NOW_MS } from './lua-parts.ts'
import { JOB_KEY } from './take-webhooks.ts'

/**
 * Forgets webhooks that are due and that nobody can or does send: their job is gone, or they have been due for too long.
 *
 * KEYS  1 webhooks (sorted set)
 * ARGV  1 what all keys begin with  2 how many of those that are due to skip  3 how many to look at  4 how long is too long, ms
 * Returns {how many were looked at, how many of them are forgotten}
 */
export const forgetWebhooksScript: LuaScript = {
  name: 'forget-webhooks',
  source: `${NOW_MS}${INTEGER}${JOB_KEY}
local webhooks, prefix, skip, max = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local overdue, forgotten = now_ms() - tonumber(ARGV[4]), 0
redis.call('ZREM', webhooks, '')
local due = redis.call('ZRANGEBYSCORE', webhooks, '-inf', integer(now_ms()), 'WITHSCORES', 'LIMIT', skip, max)
for i = 1, #due, 2 do
  if tonumber(due[i + 1]) < overdue or redis.call('EXISTS', job_key(prefix, due[i])) == 0 then
    forgotten = forgotten + redis.call('ZREM', webhooks, due[i])
  end
end
return {#due / 2, forgotten}
`,
}
