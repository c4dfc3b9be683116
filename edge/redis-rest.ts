import { Redis } from '@upstash/redis/cloudflare'
import type { Clock } from '../shared/clock.ts'
import {
  type LuaScript,
  type RedisCommands,
  type RedisReply,
  RedisReplyError,
  type ScriptArgument,
  scriptSha1,
} from '../shared/redis-commands.ts'
import { withinTime } from '../shared/within-time.ts'
import { refusal, unreachable } from './redis-failure.ts'
import { RestBytes } from './rest-bytes.ts'

export interface RestAddress {
  url: string
  token: string
  /** One call is given up after this, retries included; one that carries much has more, see BYTES_PER_MS. */
  timeoutMs: number
  /** Whether bytes are to go as they are where the endpoint carries them. */
  rawBytes?: boolean
}

/**
 * Redis over Upstash's REST protocol. Pipelining across requests is off: in a Worker one request may not wait for
 * another's I/O. Network errors are retried twice, hence scripts must bear being run again.
 */
export class RedisRest implements RedisCommands {
  readonly #address: RestAddress
  readonly #clock: Clock
  readonly #redis: Redis
  readonly #bytes: RestBytes | undefined
  /** Of the call that begins: the client asks for it before it returns the call's promise. */
  #late: AbortSignal | undefined

  constructor(address: RestAddress, clock: Clock) {
    this.#address = address
    this.#clock = clock
    this.#redis = this.#client()
    const teach = (script: LuaScript) => this.run(script, [], [''])
    this.#bytes = address.rawBytes ? new RestBytes(address, clock, teach) : undefined
  }

  async run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<RedisReply> {
    const sha1 = await scriptSha1(script)
    const timeoutMs = this.#timeoutFor(args.reduce<number>((sum, arg) => sum + String(arg).length, 0))
    const begin = this.#clock.now()
    try {
      return await this.#within(timeoutMs, () => this.#redis.evalsha(sha1, [...keys], [...args]))
    } catch (error) {
      if (!(error instanceof RedisReplyError && error.message.startsWith('NOSCRIPT'))) throw error
      const restMs = Math.max(1, timeoutMs - (this.#clock.now() - begin))
      return this.#within(restMs, () => this.#redis.eval(script.source, [...keys], [...args]))
    }
  }

  async runWithBytes(
    script: LuaScript,
    keys: readonly string[],
    head: string,
    bytes: Uint8Array,
  ): Promise<RedisReply | undefined> {
    if (!this.#bytes) return undefined
    const argument = [new TextEncoder().encode(`${head}\n`), bytes]
    return this.#bytes.run(script, keys, argument, this.#timeoutFor(bytes.length))
  }

  async readHash(key: string): Promise<{ fields: Record<string, string>; nowMs: number }> {
    // Without the client's own deserialising, a hash comes as Redis sends it: field, value, field, value.
    // Time first: a deadline that is over by that clock was over when the hash was read, and every later reader agrees.
    const [[seconds, microseconds], flat] = await this.#within(this.#address.timeoutMs, () =>
      this.#redis.pipeline().time().hgetall(key).exec<[string[], string[]]>(),
    )
    const pairs = flat.flatMap((field, i) => (i % 2 === 0 ? [[field, flat[i + 1]] as const] : []))
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    return { fields: Object.fromEntries(pairs) as Record<string, string>, nowMs }
  }

  /** Throws without the command and its tensor, which the client's errors quote. */
  async #within<T>(timeoutMs: number, call: () => Promise<T>): Promise<T> {
    try {
      return await withinTime(timeoutMs, this.#clock, (late) => {
        this.#late = late
        return call()
      })
    } catch (error) {
      const { url } = this.#address
      if (error instanceof Error && error.name === 'UpstashError')
        throw refusal(error.message, error.name, url)
      throw unreachable(error, url)
    }
  }

  #timeoutFor(bytes: number): number {
    return this.#address.timeoutMs + (bytes < LARGE_BYTES ? 0 : Math.ceil(bytes / BYTES_PER_MS))
  }

  #client(): Redis {
    return new Redis({
      url: this.#address.url,
      token: this.#address.token,
      enableAutoPipelining: false,
      automaticDeserialization: false,
      enableTelemetry: false,
      retry: { retries: 2, backoff: (attempt) => 50 * 2 ** attempt * (0.5 + Math.random()) },
      signal: () => this.#late as AbortSignal,
    })
  }
}

/** How fast what is large must get through at least: 8 Mbit/s. */
const BYTES_PER_MS = 1_000
const LARGE_BYTES = 1_000_000
