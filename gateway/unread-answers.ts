import type { ServerResponse } from 'node:http'
import type { Clock } from '../shared/clock.ts'
import type { SharedBytes } from './token-shares.ts'

/** What is smaller is not counted: there are not so many connections that it would matter. */
const SMALL_BYTES = 16 * 1024

/** How long others wait for one who takes nothing of his answer; in truth up to twice as long, as Node looks only so often. */
const STALL_MS = 500
/**
 * And for those who take it, but slowly; the first time. Who comes within so long after them has no more than STALL_MS, as there may be many; nor has a
 * token beyond its share.
 */
const PATIENCE_MS = 5_000

/** Where replies come from. */
interface Source {
  pause(): void
  resume(): void
}

interface Unread {
  /** The name of the token that it was asked with. */
  token: string
  bytes: number
}

/** While no replies are taken. */
interface Waiting {
  /** Aborted once clients have caught up. */
  caughtUp: AbortController
  /** Tokens that it is due to, as they have more than their share; none: it is due to all. */
  greedy: ReadonlySet<string>
}

/**
 * Bounds the bytes of answers that clients have not taken yet. When there are too many, no more replies are taken from Redis, for anybody, until
 * clients have caught up. Meanwhile who takes nothing is cut off; and if that does not do, those that have most left. Where a token has more than its
 * share by then, its clients alone are, and sooner.
 */
export class UnreadAnswers {
  readonly #limits: SharedBytes
  readonly #sources: readonly Source[]
  readonly #clock: Clock
  readonly #unread = new Map<ServerResponse, Unread>()
  #bytes = 0
  #waiting: Waiting | undefined
  #cutOffAt = Number.NEGATIVE_INFINITY

  constructor(limits: SharedBytes, sources: readonly Source[], clock: Clock) {
    this.#limits = limits
    this.#sources = sources
    this.#clock = clock
  }

  /** Counts an answer of so many bytes until it is with the client, or the client has gone. To be called before it is written. */
  add(response: ServerResponse, bytes: number, token: string): void {
    if (bytes < SMALL_BYTES || response.destroyed) return
    this.#unread.set(response, { token, bytes })
    this.#bytes += bytes
    response.once('close', () => this.#remove(response))
    if (this.#waiting) hurry(response, token, this.#waiting)
    else if (this.#bytes > this.#limits.max) void this.#wait()
  }

  #remove(response: ServerResponse): void {
    this.#bytes -= this.#unread.get(response)?.bytes ?? 0
    this.#unread.delete(response)
    if (this.#bytes <= this.#limits.max) this.#waiting?.caughtUp.abort()
  }

  async #wait(): Promise<void> {
    const waiting = { caughtUp: new AbortController(), greedy: new Set(this.#aboveShare().keys()) }
    this.#waiting = waiting
    for (const source of this.#sources) source.pause()
    for (const [response, { token }] of this.#unread) hurry(response, token, waiting)
    const isFirst = this.#clock.now() - this.#cutOffAt > PATIENCE_MS
    const { signal } = waiting.caughtUp
    await this.#clock.sleep(isFirst && waiting.greedy.size === 0 ? PATIENCE_MS : STALL_MS, signal)
    if (!signal.aborted) this.#cutOff()
    this.#waiting = undefined
    for (const response of this.#unread.keys()) response.setTimeout(0)
    for (const source of this.#sources) source.resume()
  }

  /** So many that there is room for a while. */
  #cutOff(): void {
    this.#cutOffAt = this.#clock.now()
    const { max, perToken } = this.#limits
    for (const [token, bytes] of this.#aboveShare()) this.#cutLargest(bytes - perToken / 2, token)
    if (this.#bytes > max) this.#cutLargest(this.#bytes - max / 2)
  }

  /** Until so many bytes are gone: of one token, or of all. */
  #cutLargest(bytes: number, of?: string): void {
    const largest = [...this.#unread]
      .filter(([, { token }]) => of === undefined || token === of)
      .toSorted(([, a], [, b]) => b.bytes - a.bytes)
    let left = bytes
    for (const [response, unread] of largest) {
      if (left <= 0) return
      left -= unread.bytes
      this.#remove(response)
      response.destroy()
    }
  }

  /** Bytes of each token that has more than its share, if that is less than all. */
  #aboveShare(): Map<string, number> {
    const { max, perToken } = this.#limits
    const ofTokens = new Map<string, number>()
    if (perToken >= max) return ofTokens
    for (const { token, bytes } of this.#unread.values())
      ofTokens.set(token, (ofTokens.get(token) ?? 0) + bytes)
    return new Map([...ofTokens].filter(([, bytes]) => bytes > perToken))
  }
}

/** Node ends a connection on which nothing moves for so long. */
function hurry(response: ServerResponse, token: string, { greedy }: Waiting): void {
  if (greedy.size === 0 || greedy.has(token)) response.setTimeout(STALL_MS)
}
