import type { Redis } from 'ioredis'
import { Audience } from './audience.ts'
import { type EventStream, eventOf } from './event-stream.ts'
import { RedisAway } from './redis-errors.ts'

/** How one subscribes: to a channel, or to all whose names match a pattern. Named as the events that tell of it. */
export type SubscriptionKind = 'subscribe' | 'psubscribe'

/**
 * Channels and patterns for all streams of one Redis user, over one connection, which is subscribed to each while anybody listens to it.
 * Streams end with that connection: what was published meanwhile is lost, so nobody should believe to be still listening.
 */
export class Subscriptions {
  readonly #redis: Redis
  /** By kind and name; no name of a kind holds a colon. */
  readonly #audiences = new Map<string, Audience>()

  /** `redis` serves nothing else. */
  constructor(redis: Redis) {
    this.#redis = redis
    redis.on('message', (channel, payload) => {
      this.#audiences.get(`subscribe:${channel}`)?.send(() => eventOf(`message,${channel},${payload}`))
    })
    redis.on('pmessage', (pattern, channel, payload) => {
      const audience = this.#audiences.get(`psubscribe:${pattern}`)
      audience?.send(() => eventOf(`pmessage,${pattern},${channel},${payload}`))
    })
    redis.on('close', () => this.#endAll())
  }

  /** Channels and patterns that somebody listens to. */
  get count(): number {
    return this.#audiences.size
  }

  /** Begins the stream once Redis has subscribed. Throws RedisAway, or CommandError with Redis' own words; then it has not begun. */
  async add(kind: SubscriptionKind, name: string, stream: EventStream): Promise<void> {
    if (this.#redis.status !== 'ready') throw new RedisAway('no connection to Redis')
    if (stream.isOver) return
    const audience = this.#audiences.get(`${kind}:${name}`) ?? this.#subscribe(kind, name)
    await audience.join(stream, eventOf(`${kind},${name},1`))
  }

  /** A connection that is silent since nobody publishes cannot be told from a dead one unless it is asked something. */
  probe(): void {
    if (this.#audiences.size > 0) this.#redis.ping().catch(() => {})
  }

  #subscribe(kind: SubscriptionKind, name: string): Audience {
    const key = `${kind}:${name}`
    const audience: Audience = new Audience(this.#redis[kind](name), () => {
      if (this.#audiences.get(key) !== audience) return
      this.#audiences.delete(key)
      // Fails only if the connection is lost, and the subscription with it.
      this.#redis[kind === 'subscribe' ? 'unsubscribe' : 'punsubscribe'](name).catch(() => {})
    })
    this.#audiences.set(key, audience)
    return audience
  }

  #endAll(): void {
    const audiences = [...this.#audiences.values()]
    this.#audiences.clear()
    for (const audience of audiences) audience.end()
  }
}
