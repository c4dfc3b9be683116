import type { LuaScript } from '../redis-commands.ts'

/** What stands in place of a batch's record while its images are submitted. */
export const PENDING = 'pending'

/**
 * Reserves a batch for an Idempotency-Key. What the key was used for is kept as `enqueue` keeps it, so that a key serves either one job or one
 * batch. If its batch is gone, the key is as good as new. Safe to repeat.
 *
 * KEYS  1 idempotency (string)  2 batch (string)
 * ARGV  1 fingerprint  2 batch id  3 TTL of the key, ms  4 TTL of what is pending, ms  5 what all keys begin with
 * Returns {outcome, batch id}
 *         'begun'        the batch is pending now, and to be written
 *         'replay'       that batch was made with the key
 *         'in-progress'  another call is making it
 *         'mismatch'     the key was used for something else; nothing was written, as above
 */
export const beginBatchScript: LuaScript = {
  name: 'begin-batch',
  source: `
local fingerprint, id = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%S+)$')
if fingerprint and id ~= ARGV[2] then
  if fingerprint ~= ARGV[1] then return {'mismatch', ''} end
  local model = string.match(id, '^[^.]*%.(.+)$')
  local record = model and redis.call('GET', ARGV[5] .. '{' .. model .. '}:batch:' .. id)
  if record == '${PENDING}' then return {'in-progress', ''} end
  if record then return {'replay', id} end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
-- Where this call is repeated, its batch may have been written meanwhile.
redis.call('SET', KEYS[2], '${PENDING}', 'PX', ARGV[4], 'NX')
return {'begun', ARGV[2]}
`,
}
