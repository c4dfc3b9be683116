import type { LuaScript } from '../redis-commands.ts'
import { PENDING } from './begin-batch.ts'

/**
 * Lets go of a batch that was begun, and of its Idempotency-Key; of neither if it has been written, or is another's by now.
 *
 * KEYS  1 idempotency (string)  2 batch (string)
 * ARGV  1 fingerprint  2 batch id
 * Returns 1, or 0 if there was nothing to let go of
 */
export const abandonBatchScript: LuaScript = {
  name: 'abandon-batch',
  source: `
if redis.call('GET', KEYS[2]) ~= '${PENDING}' then return 0 end
if redis.call('GET', KEYS[1]) == ARGV[1] .. ' ' .. ARGV[2] then redis.call('DEL', KEYS[1]) end
return redis.call('DEL', KEYS[2])
`,
}
