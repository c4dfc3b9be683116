import { CommandError } from './command.ts'
import type { EventStream } from './event-stream.ts'
import { isReplyError, RedisAway } from './redis-errors.ts'

/** The streams that get the same events, from the moment that Redis has agreed to send them. */
export class Audience {
  readonly #agreed: Promise<unknown>
  readonly #onEmpty: () => void
  readonly #streams = new Set<EventStream>()

  /** `agreed` is settled by Redis' answer. `onEmpty`: once the last stream has gone; not after `end`. */
  constructor(agreed: Promise<unknown>, onEmpty: () => void) {
    this.#agreed = agreed
    this.#onEmpty = onEmpty
  }

  /**
   * `stream` is not over. Begins it with its first event once Redis has agreed; from then on it gets all others. Throws RedisAway, or
   * CommandError with Redis' own words; then it has not begun.
   */
  async join(stream: EventStream, first: Buffer): Promise<void> {
    this.#streams.add(stream)
    stream.onOver(() => this.#leave(stream))
    try {
      await this.#agreed
    } catch (error) {
      this.#leave(stream)
      if (isReplyError(error)) throw new CommandError(error.message)
      throw new RedisAway('the connection to Redis was lost', { cause: error })
    }
    if (stream.isOver) return
    if (!this.#streams.has(stream)) throw new RedisAway('the connection to Redis was lost')
    stream.begin(first)
  }

  /**
   * Events wait for Redis' agreement as streams do: both may come in one piece of input, and then a stream has to begin before it is given
   * the event.
   */
  send(event: () => Buffer): void {
    this.#agreed.then(
      () => {
        const bytes = event()
        for (const stream of this.#streams) stream.send(bytes)
      },
      () => {},
    )
  }

  /** Ends all streams, since Redis sends no more. */
  end(): void {
    const streams = [...this.#streams]
    this.#streams.clear()
    for (const stream of streams) if (stream.hasBegun) stream.end()
  }

  #leave(stream: EventStream): void {
    const wasThere = this.#streams.delete(stream)
    if (wasThere && this.#streams.size === 0) this.#onEmpty()
  }
}
