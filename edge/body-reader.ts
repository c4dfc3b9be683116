import type { Clock } from '../shared/clock.ts'
import { ProblemError } from '../shared/errors.ts'

export interface BodyLimits {
  /** The most bytes of one body. */
  maxBytes: number
  /** The most bytes of all bodies that an isolate holds at once. */
  maxBytesHeld: number
  /** How long a body may take to arrive. */
  maxMs: number
}

/** Bodies up to this size are read to their end before they are refused; Cloudflare lets none through that are larger. */
const DRAINABLE_BYTES = 100_000_000

/** A body whose request has vanished without a word counts no longer, this long after it should have arrived. */
const FORGOTTEN_AFTER_MS = 60_000

export interface HeldBody {
  bytes: number
  since: number
}

/** Reads bodies, counting what has really arrived: what a client announces, or sends slowly, costs nothing. */
export class BodyReader {
  readonly #limits: BodyLimits
  readonly #clock: Clock
  readonly #held = new Set<HeldBody>()

  constructor(limits: BodyLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Room for a body; to be released. */
  hold(): HeldBody {
    const held = { bytes: 0, since: this.#clock.now() }
    this.#held.add(held)
    return held
  }

  release(held: HeldBody): void {
    this.#held.delete(held)
  }

  /** Throws ProblemError. What comes in many small pieces takes no more memory than what comes in few. */
  async read(request: Request, held: HeldBody): Promise<Uint8Array<ArrayBuffer>> {
    if (!request.body) return new Uint8Array()
    const { maxBytes, maxBytesHeld } = this.#limits
    const declared = Number(request.headers.get('content-length') ?? 0)
    const pieces = new TimelyPieces(request.body, this.#limits.maxMs, this.#clock)
    let body = new Uint8Array(0)
    try {
      for (;;) {
        const { done, value } = await pieces.next()
        if (done) return body.subarray(0, held.bytes)
        const at = held.bytes
        held.bytes += value.length
        if (declared > maxBytes || held.bytes > maxBytes) {
          body = new Uint8Array(0)
          throw await this.#tooLarge(pieces)
        }
        if (this.#bytesHeld() > maxBytesHeld) {
          throw new ProblemError('edge-busy', 'Too many uploads at once. Nothing was stored.')
        }
        if (held.bytes > body.length) body = grown(body, held.bytes, declared || maxBytes)
        body.set(value, at)
      }
    } finally {
      pieces.stopClock()
    }
  }

  /**
   * What the client is still sending is read and thrown away: a connection that is cut in the middle of a body costs it our
   * answer.
   */
  async #tooLarge(pieces: TimelyPieces): Promise<ProblemError> {
    let drained = 0
    while (drained < DRAINABLE_BYTES) {
      const { done, value } = await pieces.next()
      if (done) break
      drained += value.length
    }
    return new ProblemError('body-too-large', `An upload may have ${this.#limits.maxBytes} bytes at most.`)
  }

  #bytesHeld(): number {
    const before = this.#clock.now() - this.#limits.maxMs - FORGOTTEN_AFTER_MS
    let sum = 0
    for (const held of this.#held) {
      if (held.since < before) this.#held.delete(held)
      else sum += held.bytes
    }
    return sum
  }
}

/** Memory that is taken before anything has arrived to fill it: what a client announces costs no more. */
const FIRST_BYTES = 64 * 1024

/** The same bytes with room for `needed`, and for as many again up to `enough`. */
function grown(body: Uint8Array, needed: number, enough: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, Math.min(Math.max(2 * body.length, FIRST_BYTES), enough)))
  larger.set(body)
  return larger
}

/** The pieces of a body as they come, until its time is over. */
class TimelyPieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #ended = new AbortController()
  #late: ProblemError | undefined
  #giveUp: (late: ProblemError) => void = () => {}

  constructor(body: ReadableStream<Uint8Array>, maxMs: number, clock: Clock) {
    this.#reader = body.getReader()
    void clock.sleep(maxMs, this.#ended.signal).then(() => {
      this.#late = new ProblemError(
        'upload-too-slow',
        `The upload did not arrive within ${maxMs / 1000} seconds.`,
      )
      this.#giveUp(this.#late)
    })
  }

  /** Throws ProblemError. A race with the deadline's promise would leave something behind there for every piece. */
  next(): Promise<ReadableStreamReadResult<Uint8Array>> {
    return new Promise((resolve, reject) => {
      if (this.#late) return reject(this.#late)
      this.#giveUp = reject
      this.#reader.read().then(resolve, reject)
    })
  }

  stopClock(): void {
    this.#ended.abort()
  }
}
