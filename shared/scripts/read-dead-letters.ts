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
 * Dead letters of a model, newest first. Their number is bounded where they are written (lose-attempt).
 *
 * KEYS  1 dead letters (stream)
 * ARGV  1 what the model's keys begin with  2 the only job that is asked for, or ''
 * Returns {entry, job, version, reason, attempts, pool, at, bytes of its input or -1, fields of the job as JSON, or '' unless it was asked for
 *         by its id}...
 */
export const readDeadLettersScript: LuaScript = {
  name: 'read-dead-letters',
  source: `${LETTER_OF}
local base, wanted = ARGV[1], ARGV[2]
local found = {}
for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-')) do
  local letter = letter_of(entry)
  local id = letter.job or ''
  if wanted == '' or wanted == id then
    local input = base .. 'input:' .. id
    local bytes = redis.call('EXISTS', input) == 1 and redis.call('STRLEN', input) or -1
    found[#found + 1] = {entry[1], id, letter.version or '', letter.reason or '', letter.attempts or '', letter.pool or '',
      letter.at or '', bytes, wanted ~= '' and letter.fields or ''}
    if wanted ~= '' then break end
  end
end
return found
`,
}
