import { Redis } from 'ioredis'
import { systemClock } from '../shared/clock.ts'
import {
  type LuaScript,
  type RedisReply,
  RedisReplyError,
  RedisUnreachableError,
  type ScriptArgument,
  scriptSha1,
} from '../shared/redis-commands.ts'
import type { GroupRead, PoolRedisCommands, ScriptCall } from '../shared/redis-job-consumer.ts'

/** How long to wait before a read that was not waiting yet is asked again to come back. */
const UNBLOCK_AGAIN_MS = 20

/**
 * The pool's Redis: one connection for commands, one that blocks while it waits for jobs. Commands given while Redis is
 * away wait until it is back; those that were under way are sent again, which all of them allow.
 */
export class RedisTcp implements PoolRedisCommands {
  readonly #commands: Redis
  readonly #blocking: Redis
  #blockingId: number | undefined
  /** Reads that wait for Redis' answer now. */
  #reading = 0

  private constructor(commands: Redis, blocking: Redis) {
    this.#commands = commands
    this.#blocking = blocking
  }

  /** Throws RedisUnreachableError if Redis does not answer now; later interruptions are waited out. */
  static async connect(url: string, onInterruption: (reason: string) => void): Promise<RedisTcp> {
    const [commands, blocking] = [connection(url), connection(url)]
    const redis = new RedisTcp(commands, blocking)
    // Why connecting failed is told by an event; `connect` itself only says that it did.
    let reason: string | undefined
    const keepReason = (error: NodeJS.ErrnoException) => {
      reason ??= error.message || error.code
    }
    for (const client of [commands, blocking]) client.on('error', keepReason)
    try {
      await Promise.all([commands.connect(), blocking.connect()])
    } catch (error) {
      commands.disconnect()
      blocking.disconnect()
      reason ??= error instanceof Error ? error.message : String(error)
      throw new RedisUnreachableError(`cannot reach Redis at ${new URL(url).host}: ${reason}`, {
        cause: error,
      })
    }
    for (const client of [commands, blocking]) {
      client.off('error', keepReason)
      client.on('error', (error: NodeJS.ErrnoException) => onInterruption(error.code ?? error.name))
    }
    blocking.on('ready', () => redis.#learnBlockingId())
    await redis.#learnBlockingId()
    return redis
  }

  async run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const [reply] = await this.runMany(script, [{ keys, args }])
    return reply ?? null
  }

  /** A script that Redis does not know (a new or restarted server) is sent in full. */
  async runMany(script: LuaScript, calls: readonly ScriptCall[]): Promise<RedisReply[]> {
    const sha1 = await scriptSha1(script)
    const results = await this.#evaluate('EVALSHA', sha1, calls)
    const unknown = results.flatMap(([error], i) => (error?.message.startsWith('NOSCRIPT') ? [i] : []))
    const again = await this.#evaluate(
      'EVAL',
      script.source,
      unknown.map((i) => calls[i] as ScriptCall),
    )
    for (const [position, i] of unknown.entries()) results[i] = again[position] as PipelineResult
    return results.map(([error, reply]) => {
      if (error) throw replyError(error)
      return reply as RedisReply
    })
  }

  async readHash(key: string): Promise<{ fields: Record<string, string>; nowMs: number }> {
    const [fields, [seconds, microseconds]] = await Promise.all([
      this.#commands.hgetall(key),
      this.#commands.time(),
    ])
    return { fields, nowMs: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000) }
  }

  async readGroup({
    stream,
    group,
    consumer,
    count,
    blockMs,
  }: GroupRead): Promise<{ entry: string; job: string }[]> {
    this.#reading++
    const reply = (await this.#blocking
      .call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'BLOCK', blockMs, 'STREAMS', stream, '>')
      .catch((error: Error) => {
        throw replyError(error)
      })
      .finally(() => {
        this.#reading--
      })) as [string, [string, string[]][]][] | null
    const entries = reply?.[0]?.[1] ?? []
    return entries.map(([entry, [, job = '']]) => ({ entry, job }))
  }

  async getBytes(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    return this.#commands.mgetBuffer(...keys)
  }

  /** The read travels on the other connection and may reach Redis after the first UNBLOCK, hence the repetition. */
  async endWaiting(): Promise<void> {
    while (this.#reading > 0 && this.#blockingId !== undefined) {
      if ((await this.#commands.call('CLIENT', 'UNBLOCK', this.#blockingId)) === 1) return
      await systemClock.sleep(UNBLOCK_AGAIN_MS)
    }
  }

  close(): void {
    this.#blocking.disconnect()
    this.#commands.disconnect()
  }

  async #learnBlockingId(): Promise<void> {
    this.#blockingId = Number(await this.#blocking.call('CLIENT', 'ID'))
  }

  async #evaluate(command: string, script: string, calls: readonly ScriptCall[]): Promise<PipelineResult[]> {
    if (calls.length === 0) return []
    const pipeline = this.#commands.pipeline()
    for (const { keys, args } of calls) pipeline.call(command, script, keys.length, ...keys, ...args)
    return (await pipeline.exec()) ?? []
  }
}

type PipelineResult = [error: Error | null, reply: unknown]

function connection(url: string): Redis {
  return new Redis(url, {
    protocol: 2,
    lazyConnect: true,
    connectTimeout: 5_000,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(5_000, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
  })
}

function replyError(error: Error): Error {
  return error.name === 'ReplyError' ? new RedisReplyError(error.message) : error
}
