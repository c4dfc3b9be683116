import { Redis } from 'ioredis'
import { type DatabaseRefusedError, databaseRefusal, keptToDatabase } from '../../shared/chosen-database.ts'
import { reconnectPauseMs } from '../../shared/reconnect-pause.ts'
import { RedisReplyError, RedisUnreachableError } from '../../shared/redis-commands.ts'

/** What becomes of commands while Redis is away; the names are ioredis'. */
interface CommandOptions {
  /** null: they wait for ever. 0: they fail when the connection is lost. */
  maxRetriesPerRequest: number | null
  autoResendUnfulfilledCommands?: boolean
  /** A connection on which Redis owes an answer for so long, in ms, is given up for a new one. */
  socketTimeout: number
}

/**
 * Connects to Redis, and again whenever the connection is lost, with growing, jittered pauses. Throws
 * RedisUnreachableError with address and reason if Redis does not answer now, or DatabaseRefusedError; refused later, it waits as for a Redis that
 * is away.
 */
export async function connectRedis(url: string, options: CommandOptions): Promise<Redis> {
  const redis = keptToDatabase(newConnection(url, options))
  const { host } = new URL(url)
  // Why connecting failed is told by an event; `connect` itself only says that it did.
  let reason = ''
  let refused: DatabaseRefusedError | undefined
  const keepReason = (error: NodeJS.ErrnoException) => {
    // That a login is missing is also said where one was refused, and before why.
    if (!reason || reason.startsWith('NOAUTH')) reason = error.message || error.code || ''
    refused ??= databaseRefusal(error, host)
  }
  redis.on('error', keepReason)
  try {
    await redis.connect()
  } catch (error) {
    redis.disconnect()
    if (refused) throw refused
    reason ||= error instanceof Error ? error.message : String(error)
    throw new RedisUnreachableError(`cannot reach Redis at ${host}: ${reason}`, { cause: error })
  }
  redis.off('error', keepReason)
  return redis
}

function newConnection(url: string, options: CommandOptions): Redis {
  return new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    // It would name its library to Redis, which our user there need not be allowed to do.
    disableClientInfo: true,
    connectTimeout: 5_000,
    // What was the primary may have become a replica, and go on answering; the address may lead to the new one by now.
    reconnectOnError: (error) => /\b(READONLY|MASTERDOWN)\b/.test(error.message),
    retryStrategy: (attempt) => reconnectPauseMs(attempt),
    ...options,
  })
}

/** Redis' own refusal, or undefined if the error is of another kind. */
export function asReplyError(error: unknown): RedisReplyError | undefined {
  return error instanceof Error && error.name === 'ReplyError'
    ? new RedisReplyError(error.message)
    : undefined
}
