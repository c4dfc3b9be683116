import { Redis } from 'ioredis'
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
 * RedisUnreachableError with address and reason if Redis does not answer now.
 */
export async function connectRedis(url: string, options: CommandOptions): Promise<Redis> {
  const redis = new Redis(url, {
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
  // Why connecting failed is told by an event; `connect` itself only says that it did.
  let reason = ''
  const keepReason = (error: NodeJS.ErrnoException) => {
    reason ||= error.message || error.code || ''
  }
  redis.on('error', keepReason)
  try {
    await redis.connect()
  } catch (error) {
    redis.disconnect()
    reason ||= error instanceof Error ? error.message : String(error)
    throw new RedisUnreachableError(`cannot reach Redis at ${new URL(url).host}: ${reason}`, { cause: error })
  }
  redis.off('error', keepReason)
  return redis
}

/** Redis' own refusal, or undefined if the error is of another kind. */
export function asReplyError(error: unknown): RedisReplyError | undefined {
  return error instanceof Error && error.name === 'ReplyError'
    ? new RedisReplyError(error.message)
    : undefined
}
