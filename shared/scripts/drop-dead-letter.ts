import type { LuaScript } from '../redis-commands.ts'
import { LETTER_OF } from './read-dead-letters.ts'

/**
 * Deletes a dead letter and its input. Neither needs memory: this is how room is made in a Redis that is full.
 *
 * KEYS  1 dead letters (stream)  2 the job's input (string)
 * ARGV  1 the letter's entry  2 its job
 * Returns 1, or 0 if there is no such letter: nothing is deleted then
 */
export const dropDeadLetterScript: LuaScript = {
  name: 'drop-dead-letter',
  source: `${LETTER_OF}
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry or letter_of(entry).job ~= ARGV[2] then return 0 end
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return 1
`,
}
