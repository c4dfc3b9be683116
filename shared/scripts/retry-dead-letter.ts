import { JOB_INPUT_FIELDS } from '../job-input.ts'
import { TOMBSTONE_MS } from '../job-lifetime.ts'
import type { LuaScript } from '../redis-commands.ts'
import { FINISH } from './finish-job.ts'
import { INTEGER, IS_COUNT, NOW_MS } from './lua-parts.ts'
import { LETTER_OF } from './read-dead-letters.ts'

/**
 * What the new job has of the old one. Not how far that had come, nor who watched or followed it. Nor its place in the cache: others would join
 * a job that may end its process.
 */
const KEPT = [
  ...['model_version', 'priority', 'owner', 'result_ttl', 'request_id', 'traceparent', 'webhook'],
  ...JOB_INPUT_FIELDS,
]

/**
 * Makes a new job of a dead letter, which is gone then: the same input, options, and time until its deadline; all or nothing. Its attempts are
 * counted anew, but it stays `alone`: it may be what ended the processes that ran it, so it is to take no other job along. The limit of
 * the backlog is not asked for: it was accepted once. Safe to repeat with the same new id.
 *
 * KEYS  1 dead letters (stream)
 * ARGV  1 what the model's keys begin with  2 the letter's entry  3 its job  4 the new job's id
 * Returns 'retried'
 *         'gone'           there is no such letter; nothing was written, as below
 *         'input-expired'
 *         'unreadable'     its fields are damaged
 *
 * All is read before anything is written, and the first write is one that a full Redis refuses.
 */
export const retryDeadLetterScript: LuaScript = {
  name: 'retry-dead-letter',
  source: `${NOW_MS}${INTEGER}${IS_COUNT}${FINISH}${LETTER_OF}
local dead, base, letter_entry, old_id, id = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local job, input, old_input = base .. 'job:' .. id, base .. 'input:' .. id, base .. 'input:' .. old_id

local function stored_job(letter)
  local read, stored = pcall(cjson.decode, letter.fields or '')
  if not read or type(stored) ~= 'table' then return nil end
  for _, value in pairs(stored) do if type(value) ~= 'string' then return nil end end
  local is_sound = is_count(stored.created_at) and is_count(stored.deadline) and is_count(stored.result_ttl)
    and tonumber(stored.deadline) > tonumber(stored.created_at) and ranks[stored.priority] and stored.model_version
  return is_sound and stored or nil
end

if redis.call('EXISTS', job) == 1 then return 'retried' end
local found = redis.call('XRANGE', dead, letter_entry, letter_entry)[1]
local letter = found and letter_of(found) or {}
if letter.job ~= old_id then return 'gone' end
local stored = stored_job(letter)
if not stored then return 'unreadable' end
if redis.call('EXISTS', old_input) == 0 then return 'input-expired' end

local bytes = integer(redis.call('STRLEN', old_input))
local deadline_ms = tonumber(stored.deadline) - tonumber(stored.created_at)
local deadline = integer(now_ms() + deadline_ms)
local kept_ms = deadline_ms + tonumber(stored.result_ttl)
local queue = base .. 'queue:' .. stored.model_version .. ':' .. stored.priority
local entry, seq = append(queue, stream_size(queue), id, deadline, bytes, kept_ms)

local fields = {'status', 'queued', 'created_at', integer(now_ms()), 'deadline', deadline, 'attempt', '0', 'alone', '1', 'bytes', bytes,
  'entry', entry, 'seq', seq or '', 'retry_of', old_id}
for _, name in ipairs({${KEPT.map((field) => `'${field}'`).join(', ')}}) do
  if stored[name] then fields[#fields + 1], fields[#fields + 2] = name, stored[name] end
end
redis.call('HSET', job, unpack(fields))
redis.call('PEXPIREAT', job, integer(now_ms() + kept_ms + ${TOMBSTONE_MS}))
redis.call('RENAME', old_input, input)
redis.call('PEXPIREAT', input, deadline)
if stored.webhook then schedule_webhook(base, id, now_ms() + deadline_ms) end
redis.call('XDEL', dead, letter_entry)
return 'retried'
`,
}
