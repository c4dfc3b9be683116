import type { LuaScript } from '../redis-commands.ts'

/**
 * Whether a receiver has said that it is gone.
 *
 * KEYS  1 its mark (string)
 * Returns 1 or 0
 */
export const webhookReceiverOffScript: LuaScript = {
  name: 'webhook-receiver-off',
  source: `return redis.call('EXISTS', KEYS[1])`,
}
