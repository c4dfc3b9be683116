import * as z from 'zod'

/** Settings that several parts have, with messages for people. */
export const positiveInteger = z.coerce
  .number({ error: 'must be a whole number above 0' })
  .int({ error: 'must be a whole number above 0' })
  .positive({ error: 'must be a whole number above 0' })

/** A whole number above 0 that would do harm, or overflow a timer, if it were larger. */
export const upTo = (max: number) => positiveInteger.max(max, { error: `must be ${max} at most` })

const notAPort = { error: 'must be a port number, 0 to 65535 (0 takes any that is free)' }
export const portNumber = z.coerce.number(notAPort).int(notAPort).min(0, notAPort).max(65535, notAPort)

export const redisUrl = z
  .url({
    protocol: /^rediss?$/,
    error: 'must be a redis:// or rediss:// URL, like redis://user:password@host:6379',
  })
  .refine(hasNumberedDatabase, {
    error: 'must name its database, if any, by its number: redis://HOST:PORT/NUMBER',
  })

/** What is no number would be taken for database 0. */
function hasNumberedDatabase(url: string): boolean {
  const parsed = URL.parse(url)
  return [parsed?.pathname.slice(1), parsed?.searchParams.get('db')].every((name) => /^\d*$/.test(name ?? ''))
}

/** The user's settings do not fit. `message` names each one and what it should be; it never holds a value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}

/** Why a part ends at its start, for the person who started it: of wrong settings also where they are told of. */
export function reasonForPeople(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error)
  return error instanceof ConfigurationError ? `${reason} (settings: docs/reference/settings.md)` : reason
}

/**
 * Reads settings (environment variables, or a Worker's bindings) by a schema whose keys are the variables' names. Empty
 * strings count as not set. Throws ConfigurationError with one line a wrong setting.
 */
export function readConfiguration<T>(schema: z.ZodType<T>, values: Record<string, unknown>): T {
  const given = Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== '' && value !== undefined),
  )
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0])
    return name in given ? `${name}: ${issue.message}` : `${name} is not set`
  })
  throw new ConfigurationError(lines.join('\n'))
}
