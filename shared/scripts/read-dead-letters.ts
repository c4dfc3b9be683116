import type { LuaScript } from '../redis-commands.ts'

/** letter_of(entry): what an entry of a stream of dead letters holds, by name. */
export const LETTER_OF = `
local function letter_of(entry)
  local letter = {}
  for i = 1, #entry[2], 2 do letter[entry[2][i]] = entry[2][i + 1] end
  return letter
end
`

/**
 * Dead letters of models, newest first of each. Their number is bounded where they are written (lose-attempt).
 *
 * KEYS  1... dead letters (streams)
 * ARGV  1 the only job that is asked for, or ''  2 how many at most of each  3... for each stream: what the model's keys begin with, and from
 *       where on: `+`, an entry, or `(` and an entry that is not wanted itself
 * Returns for each stream {{entry, job, version, reason, attempts, pool, at, bytes of its input or -1, fields of the job as JSON, or '' unless it
 *         was asked for by its id}...}
 */
export const readDeadLettersScript: LuaScript = {
  name: 'read-dead-letters',
  source: `${LETTER_OF}
local wanted, limit = ARGV[1], ARGV[2]

local function told(entry, letter, base)
  local id = letter.job or ''
  local input = base .. 'input:' .. id
  local bytes = redis.call('EXISTS', input) == 1 and redis.call('STRLEN', input) or -1
  return {entry[1], id, letter.version or '', letter.reason or '', letter.attempts or '', letter.pool or '',
    letter.at or '', bytes, wanted ~= '' and letter.fields or ''}
end

local reply = {}
for i = 1, #KEYS do
  local found = {}
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[i], ARGV[2 * i + 2], '-', 'COUNT', limit)) do
    local letter = letter_of(entry)
    if wanted == '' or wanted == letter.job then found[#found + 1] = told(entry, letter, ARGV[2 * i + 1]) end
  end
  reply[i] = found
end
return reply
`,
}
