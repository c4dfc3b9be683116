import type { DeadLetter, ReadDeadLetter } from '../../shared/dead-letters.ts'
import { webhookSchema } from '../../shared/webhook.ts'
import { table } from '../table.ts'
import { inputSize } from './letter-table.ts'

/** Fields of a job that are ms since the epoch. */
const TIMES = new Set(['created_at', 'deadline', 'started_at', 'not_before'])

/** A letter for programs. */
export function publicLetter({
  id,
  model,
  modelVersion,
  reason,
  attempts,
  pool,
  at,
  inputBytes,
}: DeadLetter) {
  return {
    ...{ id, model, model_version: modelVersion, reason, attempts, pool },
    ...{ at: time(at), input_bytes: inputBytes ?? null },
  }
}

/** The same with all that is known of its job. Of a webhook's address only the host: the rest may hold a secret. */
export function publicDetails(letter: ReadDeadLetter) {
  const { webhook, owner = '', ...fields } = letter.fields
  const job = Object.entries(fields).map(([name, value]) => [
    name,
    TIMES.has(name) ? time(Number(value)) : value,
  ])
  return {
    ...publicLetter(letter),
    ...{ owner: owner || null, webhook: webhook === undefined ? null : publicWebhook(webhook) },
    job: Object.fromEntries(job) as Record<string, string>,
  }
}

/** The same for people, a line each. */
export function detailLines(letter: ReadDeadLetter): string[] {
  const { owner, webhook, job, input_bytes, ...told } = publicDetails(letter)
  const events = webhook ? `${webhook.host} (${webhook.events.join(', ')})` : '-'
  return table([
    ...Object.entries(told).map(([name, value]) => [name, String(value)]),
    ['input', input_bytes === null ? inputSize(letter) : `${inputSize(letter)} (${input_bytes} bytes)`],
    ['owner', owner ?? '-'],
    ['webhook', events],
    ...Object.entries(job).map(([name, value]) => [`job.${name}`, value]),
  ])
}

function publicWebhook(stored: string): { host: string; events: string[] } {
  try {
    const { url, events } = webhookSchema.parse(JSON.parse(stored))
    return { host: new URL(url).host, events }
  } catch {
    return { host: 'unreadable', events: [] }
  }
}

/** ISO 8601, or what is no time as it is. */
function time(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : String(ms)
}
