import type { ServerResponse } from 'node:http'
import type { Clock } from '../shared/clock.ts'

/** What is smaller is not counted: there are not so many connections that it would matter. */
const SMALL_BYTES = 16 * 1024

/** How long others wait for one who takes nothing of his answer; in truth up to twice as long, as Node looks only so often. */
const STALL_MS = 500
/** And for those who take it, but slowly; the first time. Who comes within so long after them has no more than STALL_MS, as there may be many. */
const PATIENCE_MS = 5_000

/** Where replies come from. */
interface Source {
  pause(): void
  resume(): void
}

/**
 * Bounds the bytes of answers that clients have not taken yet. When there are too many, no more replies are taken from Redis, for anybody, until
 * clients have caught up. Meanwhile who takes nothing is cut off; and if that does not do, those that have most left.
 */
export class UnreadAnswers {
  readonly #max: number
  readonly #sources: readonly Source[]
  readonly #clock: Clock
  readonly #unread = new Map<ServerResponse, number>()
  #bytes = 0
  #caughtUp: AbortController | undefined
  #cutOffAt = Number.NEGATIVE_INFINITY

  constructor(max: number, sources: readonly Source[], clock: Clock) {
    this.#max = max
    this.#sources = sources
    this.#clock = clock
  }

  /** Counts an answer of so many bytes until it is with the client, or the client has gone. To be called before it is written. */
  add(response: ServerResponse, bytes: number): void {
    if (bytes < SMALL_BYTES || response.destroyed) return
    this.#unread.set(response, bytes)
    this.#bytes += bytes
    response.once('close', () => this.#remove(response))
    if (this.#caughtUp) response.setTimeout(STALL_MS)
    else if (this.#bytes > this.#max) void this.#wait()
  }

  #remove(response: ServerResponse): void {
    this.#bytes -= this.#unread.get(response) ?? 0
    this.#unread.delete(response)
    if (this.#bytes <= this.#max) this.#caughtUp?.abort()
  }

  async #wait(): Promise<void> {
    const caughtUp = new AbortController()
    this.#caughtUp = caughtUp
    for (const source of this.#sources) source.pause()
    // Node ends a connection on which nothing moves for so long.
    for (const response of this.#unread.keys()) response.setTimeout(STALL_MS)
    const isFirst = this.#clock.now() - this.#cutOffAt > PATIENCE_MS
    await this.#clock.sleep(isFirst ? PATIENCE_MS : STALL_MS, caughtUp.signal)
    if (!caughtUp.signal.aborted) this.#cutOff()
    this.#caughtUp = undefined
    for (const response of this.#unread.keys()) response.setTimeout(0)
    for (const source of this.#sources) source.resume()
  }

  /** So many that there is room for a while. */
  #cutOff(): void {
    this.#cutOffAt = this.#clock.now()
    const largest = [...this.#unread].toSorted(([, a], [, b]) => b - a)
    for (const [response] of largest) {
      if (this.#bytes <= this.#max / 2) return
      this.#remove(response)
      response.destroy()
    }
  }
}
