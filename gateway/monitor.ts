import type { Redis } from 'ioredis'
import { Audience } from './audience.ts'
import { type EventStream, eventOf } from './event-stream.ts'

/** Its form in Redis' feed: seconds with microseconds, database and client, the command. What is no such line is no part of the feed. */
const FEED_LINE = /^\+(\d+\.\d+ \[.*)$/
/** A command that makes a longer line is left out, in characters: nobody reads it, and no stream could take it. */
const MAX_LINE = 1024 * 1024

/** What Redis tells on MONITOR, for all streams of one Redis user: over a connection of its own, which is there while anybody listens. */
export class Monitor {
  readonly #connect: () => Redis
  #audience: Audience | undefined

  /** `connect` makes a connection in ioredis' monitor mode that does not come back by itself; it is not connected yet. */
  constructor(connect: () => Redis) {
    this.#connect = connect
  }

  /** Begins the stream once Redis has agreed. Throws RedisAway, or CommandError with Redis' own words; then it has not begun. */
  async add(stream: EventStream): Promise<void> {
    if (stream.isOver) return
    this.#audience ??= this.#listen()
    await this.#audience.join(stream, eventOf('"OK"'))
  }

  #listen(): Audience {
    const redis = this.#connect()
    const audience: Audience = new Audience(monitoring(redis), () => {
      forget()
      redis.disconnect()
    })
    const forget = () => {
      if (this.#audience === audience) this.#audience = undefined
    }
    // ioredis takes the lines apart and loses how they were quoted: the stream has them as Redis sent them.
    redis.once('connect', () => {
      const lines = new FeedLines((line) => audience.send(() => eventOf(line)))
      redis.stream.on('data', (data) => lines.take(data.toString()))
    })
    redis.once('close', () => {
      forget()
      audience.end()
    })
    return audience
  }
}

/** Resolves once Redis has answered OK; rejects with its refusal, or if it cannot be reached. */
async function monitoring(redis: Redis): Promise<void> {
  const begun = new Promise<void>((resolve, reject) => {
    redis.once('monitoring', resolve)
    redis.on('error', reject)
    redis.once('close', () => reject(new Error('closed')))
  })
  redis.connect().catch(() => {})
  await begun.catch((error) => {
    redis.disconnect()
    throw error
  })
}

/** Puts lines together from pieces of RESP; hands on those of the feed. */
class FeedLines {
  readonly #onLine: (line: string) => void
  #rest = ''
  #tooLong = false

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  take(piece: string): void {
    const lines = (this.#rest + piece).split('\r\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [, fed] = FEED_LINE.exec(line) ?? []
      if (fed !== undefined && !this.#tooLong && fed.length <= MAX_LINE) this.#onLine(fed)
      this.#tooLong = false
    }
    if (this.#rest.length <= MAX_LINE) return
    this.#tooLong = true
    // The end of a line may lie between its two characters.
    this.#rest = this.#rest.slice(-1)
  }
}
