import type { ApiKeyRecord } from '../../shared/api-key.ts'
import { table } from '../table.ts'

const HEADINGS = ['ID', 'NAME', 'MODELS', 'PRIORITIES', 'RATE', 'ADMIN', 'CREATED', 'EXPIRES']

/** Keys as a table, a line each. `now` tells which have expired. */
export function keyTable(keys: readonly ApiKeyRecord[], now: Date): string[] {
  return table([HEADINGS, ...keys.map((key) => cells(key, now))])
}

function cells(key: ApiKeyRecord, now: Date): string[] {
  const { id, name, models, priorities, rate, admin, created_at, expires_at } = key
  const expired = expires_at !== null && Date.parse(expires_at) <= now.getTime()
  return [
    id,
    name || '-',
    models === null ? 'all' : models.join(',') || 'none',
    priorities.join(',') || 'none',
    rate === null ? '-' : `${rate.limit}/${rate.window_seconds}s`,
    admin ? 'yes' : '-',
    minute(created_at),
    expires_at === null ? 'never' : `${minute(expires_at)}${expired ? ' (over)' : ''}`,
  ]
}

/** To the minute, UTC. */
function minute(time: string): string {
  return `${time.slice(0, 16)}Z`
}
