import type { Clock } from '../shared/clock.ts'
import type { EventStream } from './event-stream.ts'

/** How often a stream carries something at least: so both sides notice a connection that is dead. */
export const HEARTBEAT_MS = 15_000

const HEARTBEAT = Buffer.from(': heartbeat\n\n')

const REFUSALS = {
  stopping: { status: 503, message: 'ERR the gateway is stopping' },
  'too-many': { status: 503, message: 'ERR max number of subscriptions reached' },
  'too-many-of-token': { status: 429, message: 'ERR max number of subscriptions of this token reached' },
} as const

/** No stream can be opened now; the message is for the client. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused'
  readonly why: keyof typeof REFUSALS
  readonly status: 503 | 429

  constructor(why: keyof typeof REFUSALS) {
    super(REFUSALS[why].message)
    this.why = why
    this.status = REFUSALS[why].status
  }
}

export interface OpenStreamsOptions {
  /** Streams at once, of all tokens. */
  max: number
  /** Streams at once of one token, so that one of them cannot take all places. */
  maxPerToken: number
  clock: Clock
  /** Told of each stream that was cut off since its reader was too far behind. */
  onCut?: () => void
}

/** All streams of the gateway, whatever they carry: how many there may be, their heartbeats, and their end. */
export class OpenStreams {
  readonly #options: OpenStreamsOptions
  readonly #streams = new Set<EventStream>()
  readonly #byToken = new Map<string, number>()
  readonly #ending = new AbortController()

  constructor(options: OpenStreamsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#streams.size
  }

  /** Takes a place for the stream, which it has until it is over. `token`: its name. Throws StreamRefused. */
  admit(stream: EventStream, token: string): void {
    // It would not tell of its end again.
    if (stream.isOver) return
    const ofToken = this.#byToken.get(token) ?? 0
    if (this.#ending.signal.aborted) throw new StreamRefused('stopping')
    if (this.#streams.size >= this.#options.max) throw new StreamRefused('too-many')
    if (ofToken >= this.#options.maxPerToken) throw new StreamRefused('too-many-of-token')
    this.#streams.add(stream)
    this.#byToken.set(token, ofToken + 1)
    stream.onOver(() => this.#free(stream, token))
  }

  /** Sends heartbeats until `end`, and tells of each. */
  async keepAlive(onBeat: () => void): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      for (const stream of this.#streams) if (stream.hasBegun) stream.send(HEARTBEAT)
      onBeat()
    }
  }

  /** Ends all streams, and opens no more. */
  end(): void {
    this.#ending.abort()
    for (const stream of this.#streams) stream.end()
  }

  #free(stream: EventStream, token: string): void {
    this.#streams.delete(stream)
    if (stream.wasCut) this.#options.onCut?.()
    const left = (this.#byToken.get(token) ?? 0) - 1
    if (left > 0) this.#byToken.set(token, left)
    else this.#byToken.delete(token)
  }
}
