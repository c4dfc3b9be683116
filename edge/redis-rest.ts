import { Redis } from '@upstash/redis/cloudflare'
import {
  type LuaScript,
  type RedisCommands,
  type RedisReply,
  RedisReplyError,
  RedisUnreachableError,
  type ScriptArgument,
  scriptSha1,
} from '../shared/redis-commands.ts'

export interface RestAddress {
  url: string
  token: string
  /** One call is given up after this, retries included. */
  timeoutMs: number
}

/**
 * Redis over Upstash's REST protocol. Pipelining across requests is off: in a Worker one request may not wait for
 * another's I/O. Network errors are retried twice, hence scripts must bear being run again.
 */
export class RedisRest implements RedisCommands {
  readonly #redis: Redis

  constructor({ url, token, timeoutMs }: RestAddress) {
    this.#redis = new Redis({
      url,
      token,
      enableAutoPipelining: false,
      automaticDeserialization: false,
      enableTelemetry: false,
      retry: { retries: 2, backoff: (attempt) => 50 * 2 ** attempt },
      signal: () => AbortSignal.timeout(timeoutMs),
    })
  }

  async run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const sha1 = await scriptSha1(script)
    try {
      return await scrubbed(() => this.#redis.evalsha(sha1, [...keys], [...args]))
    } catch (error) {
      if (!(error instanceof RedisReplyError && error.message.startsWith('NOSCRIPT'))) throw error
      return scrubbed(() => this.#redis.eval(script.source, [...keys], [...args]))
    }
  }

  async readHash(key: string): Promise<{ fields: Record<string, string>; nowMs: number }> {
    // Without the client's own deserialising, a hash comes as Redis sends it: field, value, field, value.
    // Time first: a deadline that is over by that clock was over when the hash was read, and every later reader agrees.
    const [[seconds, microseconds], flat] = await scrubbed(() =>
      this.#redis.pipeline().time().hgetall(key).exec<[string[], string[]]>(),
    )
    const pairs = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1]] as const] : []))
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    return { fields: Object.fromEntries(pairs) as Record<string, string>, nowMs }
  }
}

/** Redis' own words at the beginning of an error; the client appends the whole command, tensor included. */
const REDIS_WORDS = /^(?:Command \d+ \[ \w+ \] failed: )?([A-Z]+ [^,]{0,200})/

async function scrubbed<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const { name = 'Error', message = '' } = error instanceof Error ? error : {}
    const words = name === 'UpstashError' ? REDIS_WORDS.exec(message)?.[1] : undefined
    // Not passed on as `cause`: what logs a cause would log the command.
    if (words !== undefined) throw new RedisReplyError(words)
    // The client's own errors may quote an answer; the network's do not.
    throw new RedisUnreachableError(name.startsWith('Upstash') ? name : `${name}: ${message.slice(0, 100)}`)
  }
}
