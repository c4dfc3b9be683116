import type { Redis } from 'ioredis'
import type { Clock } from '../shared/clock.ts'
import { CommandError } from './command.ts'
import type { EventStream } from './event-stream.ts'
import { isReplyError, RedisAway } from './redis.ts'

/** How often a stream carries something at least: so both sides notice a connection that is dead. */
export const HEARTBEAT_MS = 15_000

const HEARTBEAT = Buffer.from(': heartbeat\n\n')

/** No stream can be opened now; the message is for the client. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused'
}

interface Channel {
  /** Settled by Redis' answer to SUBSCRIBE. */
  acknowledged: Promise<unknown>
  streams: Set<EventStream>
}

/**
 * All streams over one connection to Redis, which is subscribed to a channel while anybody listens to it. Streams end with
 * that connection: what was published meanwhile is lost, so nobody should believe to be still listening.
 */
export class Subscriptions {
  readonly #redis: Redis
  readonly #max: number
  readonly #clock: Clock
  readonly #channels = new Map<string, Channel>()
  readonly #ending = new AbortController()
  #open = 0

  /** `redis` serves nothing else. `max`: of streams. */
  constructor(redis: Redis, max: number, clock: Clock) {
    this.#redis = redis
    this.#max = max
    this.#clock = clock
    redis.on('message', (name, payload) => this.#deliver(name, payload))
    redis.on('close', () => this.#endStreams())
  }

  /** Sends heartbeats until `end`. */
  async keepAlive(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(HEARTBEAT_MS, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      for (const { streams } of this.#channels.values()) {
        for (const stream of streams) if (stream.hasBegun) stream.send(HEARTBEAT)
      }
      // A connection that is silent since nobody publishes cannot be told from a dead one unless it is asked something.
      if (this.#channels.size > 0) this.#redis.ping().catch(() => {})
    }
  }

  /**
   * Begins the stream once Redis has acknowledged the channel; from then on it gets the channel's messages. Throws
   * SubscriptionRefused, RedisAway, or CommandError with Redis' own words; then the stream has not begun.
   */
  async add(name: string, stream: EventStream): Promise<void> {
    this.#refuseUnservable()
    // It would not tell of its end again.
    if (stream.isOver) return
    const channel = this.#channels.get(name) ?? this.#subscribe(name)
    channel.streams.add(stream)
    this.#open++
    stream.onOver(() => this.#remove(name, channel, stream))
    try {
      await channel.acknowledged
    } catch (error) {
      this.#remove(name, channel, stream)
      if (isReplyError(error)) throw new CommandError(error.message)
      throw new RedisAway('the connection to Redis was lost', { cause: error })
    }
    if (stream.isOver) return this.#remove(name, channel, stream)
    if (!channel.streams.has(stream)) throw new RedisAway('the connection to Redis was lost')
    stream.begin(eventOf('subscribe', name, '1'))
  }

  /** Ends all streams, and opens no more. */
  end(): void {
    this.#ending.abort()
    this.#endStreams()
  }

  #refuseUnservable(): void {
    if (this.#ending.signal.aborted) throw new SubscriptionRefused('ERR the gateway is stopping')
    if (this.#redis.status !== 'ready') throw new RedisAway('no connection to Redis')
    if (this.#open >= this.#max) throw new SubscriptionRefused('ERR max number of subscriptions reached')
  }

  #subscribe(name: string): Channel {
    const channel: Channel = { acknowledged: this.#redis.subscribe(name), streams: new Set() }
    this.#channels.set(name, channel)
    return channel
  }

  #remove(name: string, channel: Channel, stream: EventStream): void {
    if (!channel.streams.delete(stream)) return
    this.#open--
    if (channel.streams.size > 0 || this.#channels.get(name) !== channel) return
    this.#channels.delete(name)
    // Fails only if the connection is lost, and the subscription with it.
    this.#redis.unsubscribe(name).catch(() => {})
  }

  /**
   * Messages wait for the acknowledgement as streams do: both may come in one piece of input, and then a stream has to begin
   * before it is given the message.
   */
  #deliver(name: string, payload: string): void {
    const channel = this.#channels.get(name)
    channel?.acknowledged.then(
      () => {
        const event = eventOf('message', name, payload)
        for (const stream of channel.streams) stream.send(event)
      },
      () => {},
    )
  }

  #endStreams(): void {
    const channels = [...this.#channels.values()]
    this.#channels.clear()
    this.#open = 0
    for (const { streams } of channels) {
      for (const stream of [...streams]) if (stream.hasBegun) stream.end()
      streams.clear()
    }
  }
}

/**
 * One line, whatever the payload: line breaks in it become spaces. Upstash's client takes each line for an event of its own,
 * so a payload on several lines would reach it in pieces, and one of them might pass for another message. JSON, whose strings
 * hold no bare line breaks, means the same afterwards.
 */
function eventOf(type: 'subscribe' | 'message', channel: string, payload: string): Buffer {
  return Buffer.from(`data: ${type},${channel},${payload.replaceAll(/[\r\n]/g, ' ')}\n\n`)
}
