import { type ApiKeyRecord, apiKeyRecordSchema } from '../../shared/api-key.ts'
import { modelNameSchema } from '../../shared/model-manifest.ts'
import { PRIORITIES } from '../../shared/priority.ts'
import { text } from '../flags.ts'
import { UsageError } from '../user-error.ts'

/** Flags that say what a key may do. */
export const keyArgs = {
  name: { type: 'string', description: 'Who or what it is for', valueHint: 'TEXT' },
  models: { type: 'string', description: 'The models that it may use, as in a,b; all', valueHint: 'NAMES' },
  priorities: {
    type: 'string',
    description: 'The priorities that it may use, of high,normal,low; normal,low',
    valueHint: 'LIST',
  },
  rate: {
    type: 'string',
    description:
      'So many jobs at once, and as many again spread over the time that follows, as in 100/60s; no limit',
    valueHint: 'JOBS/TIME',
  },
  expires: {
    type: 'string',
    description: 'How long it is good for, as in 30d; until it is revoked',
    valueHint: 'TIME',
  },
  admin: { type: 'boolean', description: 'It may see the jobs of all keys' },
} as const

type Given = Record<string, unknown>
export type KeyPermissions = Omit<ApiKeyRecord, 'id' | 'sha256'>

/** Throws UsageError, naming the flag, where one is wrong. */
export function parseKeyFlags(args: Given, now: Date): KeyPermissions {
  const name = apiKeyRecordSchema.shape.name.safeParse(text(args, 'name') ?? '')
  if (!name.success) throw new UsageError(`--name: ${name.error.issues[0]?.message}`)
  return {
    name: name.data,
    models: models(args),
    priorities: priorities(args),
    rate: rate(args),
    admin: args.admin === true,
    created_at: now.toISOString(),
    expires_at: expiry(args, now),
  }
}

function models(args: Given): string[] | null {
  const names = list(args, 'models')
  for (const name of names ?? []) {
    const { error } = modelNameSchema.safeParse(name)
    if (error) throw new UsageError(`--models: "${name}" is none; ${error.issues[0]?.message}`)
  }
  return names ?? null
}

function priorities(args: Given): ApiKeyRecord['priorities'] {
  const names = list(args, 'priorities') ?? ['normal', 'low']
  const unknown = names.find((name) => !PRIORITIES.some((priority) => priority === name))
  if (unknown !== undefined)
    throw new UsageError(`--priorities must be of ${PRIORITIES.join(',')}, not "${unknown}"`)
  return PRIORITIES.filter((priority) => names.includes(priority))
}

function rate(args: Given): ApiKeyRecord['rate'] {
  const value = text(args, 'rate')
  if (value === undefined) return null
  const [, limit = '', time = ''] = /^(\d{1,15})\/(.*)$/.exec(value) ?? []
  const parsed = { limit: Number(limit), window_seconds: seconds(time) }
  const checked = apiKeyRecordSchema.shape.rate.safeParse(parsed)
  if (!checked.success)
    throw new UsageError(`--rate must be jobs / a time up to a day, as in 100/60s, not "${value}"`)
  return checked.data
}

/** Longer than any key is wanted. */
const LONGEST_SECONDS = 100 * 365 * 86_400

function expiry(args: Given, now: Date): string | null {
  const value = text(args, 'expires')
  if (value === undefined) return null
  const after = seconds(value)
  if (after === undefined || after === 0 || after > LONGEST_SECONDS)
    throw new UsageError(`--expires must be a time such as 30d, 12h, 90m or 60s, not "${value}"`)
  return new Date(now.getTime() + after * 1000).toISOString()
}

const SECONDS_OF = { s: 1, m: 60, h: 3_600, d: 86_400 }

function seconds(time: string): number | undefined {
  const [, count, unit] = /^(\d{1,10})([smhd])$/.exec(time) ?? []
  return count === undefined ? undefined : Number(count) * SECONDS_OF[unit as keyof typeof SECONDS_OF]
}

function list(args: Given, flag: string): string[] | undefined {
  const parts = text(args, flag)
    ?.split(',')
    .map((part) => part.trim())
  return parts && [...new Set(parts)]
}
