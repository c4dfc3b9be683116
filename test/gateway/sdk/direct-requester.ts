import type { Requester, UpstashRequest, UpstashResponse } from '@upstash/redis'
import type { Redis } from 'ioredis'

/**
 * What Upstash's client asks, asked of Redis itself by ioredis: with this in place of its HTTP client it is what a gateway is held
 * against. Of a connection with RESP2 and `stringNumbers`: without, ioredis gives 2^53 for 2^53 - 1.
 */
export class DirectRequester implements Requester {
  readonly readYourWrites = false
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async request<T>({ path, body }: UpstashRequest): Promise<UpstashResponse<T>> {
    const [how] = path ?? []
    if (how === 'pipeline') {
      const outcomes: UpstashResponse<unknown>[] = []
      for (const command of body as unknown[][]) {
        outcomes.push(await this.#ask(command).catch((error: Error) => ({ error: error.message })))
      }
      return outcomes as UpstashResponse<T>
    }
    if (how === 'multi-exec') return (await this.#transaction(body as unknown[][])) as UpstashResponse<T>
    return (await this.#ask(body as unknown[])) as UpstashResponse<T>
  }

  async #ask([name, ...args]: unknown[]): Promise<UpstashResponse<unknown>> {
    return { result: asText(await this.#redis.callBuffer(String(name).toUpperCase(), ...args.map(String))) }
  }

  async #transaction(commands: unknown[][]): Promise<UpstashResponse<unknown>[]> {
    const multi = this.#redis.multi()
    for (const [name, ...args] of commands) multi.callBuffer(String(name).toUpperCase(), ...args.map(String))
    const outcomes = (await multi.exec()) ?? []
    return outcomes.map(([error, reply]) => (error ? { error: error.message } : { result: asText(reply) }))
  }
}

/** As JSON has it: text, and numbers for integers. */
function asText(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(asText)
  if (Buffer.isBuffer(reply)) return reply.toString()
  if (reply instanceof Error) return reply.message
  return typeof reply === 'string' ? Number(reply) : reply
}
