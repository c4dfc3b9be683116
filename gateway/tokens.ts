import * as z from 'zod'
import { ConfigurationError, redisUrl } from '../shared/read-configuration.ts'

/** Long enough that nobody guesses it. */
export const gatewayToken = z.string().min(16, { error: 'must have at least 16 characters' })

/** A token as the settings have it. */
export interface TokenSetting {
  /** Stands in logs and metrics in the token's place. */
  name: string
  token: string
  readOnly: boolean
  /** The Redis that it is for, with user, password and database; that of REDIS_URL if there is none. */
  redisUrl: string | undefined
}

const KEYS = '"name", "token", "read_only" and "redis_url"'

const settingsSchema = z
  .array(
    z.strictObject(
      {
        name: z
          .string()
          .regex(/^[\w.-]{1,64}$/, { error: 'must be 1 to 64 letters, digits, "_", "-" or "."' }),
        token: gatewayToken,
        read_only: z.boolean().default(false),
        redis_url: redisUrl.optional(),
      },
      // Not the words of zod, which name the key: someone may have written a token there.
      { error: ({ code }) => (code === 'unrecognized_keys' ? `has keys beside ${KEYS}` : undefined) },
    ),
  )
  .min(1)

export interface TokenSources {
  /** Full rights over REDIS_URL; its name is `default`. */
  full: string | undefined
  /** Reads from REDIS_URL; its name is `default_ro`. */
  readOnly: string | undefined
  /** JSON: an array of objects with `name`, `token`, and maybe `read_only` and `redis_url`. */
  more: string | undefined
}

/** All tokens there are. Throws ConfigurationError, with one line a mistake. */
export function tokenSettings({ full, readOnly, more }: TokenSources): TokenSetting[] {
  const given: TokenSetting[] = []
  const redisUrl = undefined
  if (full !== undefined) given.push({ name: 'default', token: full, readOnly: false, redisUrl })
  if (readOnly !== undefined) given.push({ name: 'default_ro', token: readOnly, readOnly: true, redisUrl })
  const all = more === undefined ? given : [...given, ...parsed(more)]
  if (all.length === 0) throw new ConfigurationError('GATEWAY_TOKEN is not set')
  refuseRepeated(all, 'name')
  refuseRepeated(all, 'token')
  return all
}

function parsed(text: string): TokenSetting[] {
  const result = settingsSchema.safeParse(json(text))
  if (!result.success) {
    const lines = result.error.issues.map(
      ({ path, message }) => `GATEWAY_TOKENS${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}`,
    )
    throw new ConfigurationError(lines.join('\n'))
  }
  return result.data.map(({ name, token, read_only, redis_url }) => ({
    name,
    token,
    readOnly: read_only,
    redisUrl: redis_url,
  }))
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What JSON.parse says quotes the text.
    throw new ConfigurationError('GATEWAY_TOKENS: is not JSON, nor the path of a file with JSON')
  }
}

function refuseRepeated(all: readonly TokenSetting[], field: 'name' | 'token'): void {
  const seen = new Map<string, string>()
  for (const setting of all) {
    const earlier = seen.get(setting[field])
    if (earlier !== undefined) {
      throw new ConfigurationError(
        `GATEWAY_TOKENS: the ${field} of "${setting.name}" is also that of "${earlier}"`,
      )
    }
    seen.set(setting[field], setting.name)
  }
}
