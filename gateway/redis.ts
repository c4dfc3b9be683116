import { Redis } from 'ioredis'
import { reconnectPauseMs } from '../shared/reconnect-pause.ts'
import { HEARTBEAT_MS } from './open-streams.ts'
import type { RawReply } from './reply.ts'

/** What one command came to: a reply, or the error that Redis gave. */
export type Outcome = { reply: RawReply } | { error: string }

export class RedisAway extends Error {
  override readonly name = 'RedisAway'
}

/** Redis over one TCP connection that all requests share. Fails at once while there is no connection: callers retry. */
export class GatewayRedis {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Runs commands in order, in one write; others' commands may come in between. */
  async pipeline(commands: readonly string[][]): Promise<Outcome[]> {
    const batch = this.#redis.pipeline()
    for (const [name = '', ...args] of commands) batch.callBuffer(name.toUpperCase(), ...args)
    return outcomesOf(await this.#connected(() => batch.exec()))
  }

  /** Runs commands as one transaction. If Redis discards it, the result is that one error. */
  async multi(commands: readonly string[][]): Promise<Outcome[] | { error: string }> {
    const batch = this.#redis.multi()
    for (const [name = '', ...args] of commands) batch.callBuffer(name.toUpperCase(), ...args)
    try {
      return outcomesOf(await this.#connected(() => batch.exec()))
    } catch (error) {
      if (isReplyError(error)) return { error: error.message }
      if (error instanceof RedisAway) throw error
      throw new RedisAway('the connection to Redis was lost', { cause: error })
    }
  }

  async #connected<T>(run: () => Promise<T>): Promise<T> {
    if (this.#redis.status !== 'ready') throw new RedisAway('no connection to Redis')
    return run()
  }
}

function outcomesOf(results: [Error | null, unknown][] | null): Outcome[] {
  return (results ?? []).map(([error, reply]) => {
    if (!error) return { reply: reply as RawReply }
    if (isReplyError(error)) return { error: error.message }
    throw new RedisAway('the connection to Redis was lost', { cause: error })
  })
}

export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** A connection on which Redis owes an answer for so long is given up for a new one. */
const SILENCE_MS = 10_000

/** An ioredis connection as the gateway wants it: RESP2 shapes, no queueing while away, reconnecting for ever. */
export function connectGatewayRedis(url: string, silenceMs = SILENCE_MS): Redis {
  return new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    // It would name its library to Redis, which our user there need not be allowed to do.
    disableClientInfo: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // Streams end with their connection, so there is nothing to take up again.
    autoResubscribe: false,
    connectTimeout: 5_000,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => reconnectPauseMs(attempt),
  })
}

/** A connection like `redis` for MONITOR: to be connected, and gone for good once it is lost. */
export function monitorConnection(redis: Redis): Redis {
  return redis.duplicate({
    monitor: true,
    retryStrategy: () => null,
    // It is owed no answer, so its silence says nothing: the system has to notice that the other side is gone.
    keepAlive: HEARTBEAT_MS,
  })
}
