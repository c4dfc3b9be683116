import { RedisUnreachableError } from './redis-commands.ts'

/** What is needed here of an ioredis connection. */
interface Connection {
  on: (event: 'error', listener: (error: Error) => void) => unknown
  disconnect: (reconnect: boolean) => void
}

/** Redis answers, but does not let us into the database that the address names. The message ends with the fix, and repeats no secret. */
export class DatabaseRefusedError extends RedisUnreachableError {
  readonly found: string
  readonly fix: string

  constructor(found: string, fix: string) {
    super(`${found}; ${fix}`)
    this.found = found
    this.fix = fix
  }
}

/**
 * Has a connection given up that Redis does not let into its database, to be tried again as one that was lost: ioredis tells of that, and goes on
 * in database 0, where the keys of others are. Returns the connection. To be called before it connects.
 */
export function keptToDatabase<T extends Connection>(redis: T): T {
  redis.on('error', (error) => {
    if (databaseOf(error) !== undefined) redis.disconnect(true)
  })
  return redis
}

/** What an `error` event of such a connection to `host` (with its port) says, if it is that; else undefined. */
export function databaseRefusal(error: Error, host: string): DatabaseRefusedError | undefined {
  const database = databaseOf(error)
  const { name, message } = error
  // Redis did not refuse where the connection was lost before it answered, and explains NOAUTH by what it says of the login.
  if (database === undefined || name !== 'ReplyError' || message.startsWith('NOAUTH')) return undefined
  const fix = message.startsWith('NOPERM')
    ? 'name none in its address, which is 0, or let its user: ACL SETUSER NAME +select'
    : 'name one in its address that there is (CONFIG GET databases tells how many), or none, which is 0'
  return new DatabaseRefusedError(
    `Redis at ${host} does not let us into database ${database}: ${message}`,
    fix,
  )
}

/** Which database the connection is not in by this error. Of SELECTs, only the one that begins a connection comes as an event. */
function databaseOf(error: Error): string | undefined {
  if (!('command' in error)) return undefined
  const { name, args } = error.command as { name: string; args: unknown[] }
  return name === 'select' ? String(args[0]) : undefined
}
