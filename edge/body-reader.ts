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

  /** Throws ProblemError. */
  async read(request: Request, held: HeldBody): Promise<Uint8Array<ArrayBuffer>> {
    if (!request.body) return new Uint8Array()
    const declared = Number(request.headers.get('content-length') ?? 0)
    const chunks: Uint8Array[] = []
    const reader = request.body.getReader()
    const late = this.#deadline()
    try {
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), late.promise])
        if (done) return join(chunks, held.bytes)
        held.bytes += value.length
        if (declared > this.#limits.maxBytes || held.bytes > this.#limits.maxBytes) {
          throw await this.#tooLarge(reader, late.promise, chunks)
        }
        if (this.#bytesHeld() > this.#limits.maxBytesHeld) {
          throw new ProblemError('edge-busy', 'Too many uploads at once. Nothing was stored.')
        }
        chunks.push(value)
      }
    } finally {
      late.cancel()
    }
  }

  /**
   * What the client is still sending is read and thrown away: a connection that is cut in the middle of a body costs it our
   * answer.
   */
  async #tooLarge(reader: Reader, late: Promise<never>, chunks: Uint8Array[]): Promise<ProblemError> {
    chunks.length = 0
    let drained = 0
    while (drained < DRAINABLE_BYTES) {
      const { done, value } = await Promise.race([reader.read(), late])
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

  #deadline(): { promise: Promise<never>; cancel: () => void } {
    const { maxMs } = this.#limits
    const arrived = new AbortController()
    const promise = this.#clock.sleep(maxMs, arrived.signal).then(() => {
      throw new ProblemError('upload-too-slow', `The upload did not arrive within ${maxMs / 1000} seconds.`)
    })
    // It ends in a throw either way; when the body has arrived, nobody listens any more.
    promise.catch(() => {})
    return { promise, cancel: () => arrived.abort() }
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  return body
}
