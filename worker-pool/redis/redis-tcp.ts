import type { Redis } from 'ioredis'
import { databaseRefusal } from '../../shared/chosen-database.ts'
import type { GroupReader, PoolRedisCommands, ScriptCall } from '../../shared/pool-redis-commands.ts'
import {
  type LuaScript,
  type RedisReply,
  RedisUnreachableError,
  type ScriptArgument,
  scriptSha1,
} from '../../shared/redis-commands.ts'
import { LONGEST_WAIT_MS } from '../longest-wait.ts'
import { BlockingReader } from './blocking-reader.ts'
import { readEvictionPolicy } from './eviction.ts'
import { asReplyError, connectRedis } from './redis-connection.ts'

/** How long Redis may owe an answer, beyond the time it is asked to wait. */
const SILENCE_MS = 10_000

/**
 * The pool's Redis: one connection for commands, one for each reader that waits for jobs. Commands given while Redis is away wait until it
 * is back; those that were under way are sent again, which all of them allow.
 */
export class RedisTcp implements PoolRedisCommands {
  readonly #url: string
  readonly #commands: Redis
  readonly #onInterruption: (error: NodeJS.ErrnoException) => void

  private constructor(url: string, commands: Redis, onInterruption: (error: NodeJS.ErrnoException) => void) {
    this.#url = url
    this.#commands = commands
    this.#onInterruption = onInterruption
    commands.on('error', onInterruption)
  }

  /** Throws RedisUnreachableError if Redis does not answer now; later interruptions are waited out. */
  static async connect(
    url: string,
    onInterruption?: (reason: string) => void,
    silenceMs = SILENCE_MS,
  ): Promise<RedisTcp> {
    const commands = await connectRedis(url, { maxRetriesPerRequest: null, socketTimeout: silenceMs })
    const { host } = new URL(url)
    return new RedisTcp(url, commands, (error) =>
      onInterruption?.(databaseRefusal(error, host)?.message ?? error.code ?? error.name),
    )
  }

  /** Throws RedisUnreachableError if Redis does not answer now. To be closed by whoever opens it. */
  async openReader(): Promise<GroupReader> {
    const blocking = await connectRedis(this.#url, {
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      socketTimeout: LONGEST_WAIT_MS + SILENCE_MS,
    })
    blocking.on('error', this.#onInterruption)
    return new BlockingReader(blocking, this.#commands)
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
      if (error) throw asReplyError(error) ?? error
      return reply as RedisReply
    })
  }

  async readHash(key: string): Promise<{ fields: Record<string, string>; nowMs: number }> {
    // Time first: a deadline that is over by that clock was over when the hash was read.
    const [[seconds, microseconds], fields] = await Promise.all([
      this.#commands.time(),
      this.#commands.hgetall(key),
    ])
    return { fields, nowMs: Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000) }
  }

  /** Resolves when Redis has answered. Rejects at once while there is no connection. */
  async ping(): Promise<void> {
    if (this.#commands.status !== 'ready') throw new RedisUnreachableError('there is no connection to Redis')
    await this.#commands.ping()
  }

  /** What Redis does when it is full; undefined where it does not say. */
  evictionPolicy(): Promise<string | undefined> {
    return readEvictionPolicy(this.#commands)
  }

  /** Calls `listener` each time that Redis is back; it may have forgotten everything by then. */
  onRecovery(listener: () => void): void {
    this.#commands.on('ready', listener)
  }

  close(): void {
    this.#commands.disconnect()
  }

  async #evaluate(command: string, script: string, calls: readonly ScriptCall[]): Promise<PipelineResult[]> {
    if (calls.length === 0) return []
    const pipeline = this.#commands.pipeline()
    for (const { keys, args } of calls) pipeline.call(command, script, keys.length, ...keys, ...args)
    return (await pipeline.exec()) ?? []
  }
}

type PipelineResult = [error: Error | null, reply: unknown]
