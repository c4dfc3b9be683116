import type { LuaScript } from '../redis-commands.ts'
import { NOW_MS } from './lua-parts.ts'

/**
 * What pools have announced, in one round trip and of one moment.
 *
 * KEYS  1 models (hash)  2 workers (hash)
 * Returns {now in ms, {field, value, ...} of models, {field, value, ...} of workers}
 */
export const knownModelsScript: LuaScript = {
  name: 'known-models',
  source: `${NOW_MS}
return {now_ms(), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
`,
}
