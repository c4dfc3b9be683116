/** Takes what a parser found, in the order of the replies. */
export interface BulkReplyTaker {
  /**
   * A value of `length` bytes begins. Returns where it goes: just as many bytes, into which the connection then writes
   * directly. Undefined: it is read over.
   */
  place(length: number): Uint8Array | undefined
  /** The value that began is there in full. */
  value(): void
  /** There is no such key. */
  nothing(): void
  /** A line that is no value: `+OK`, `-ERR ...`, without its end. */
  line(text: string): void
}

/** What came is not what Redis sends: nothing that follows on this connection can be understood. */
export class RedisProtocolError extends Error {
  override readonly name = 'RedisProtocolError'
}

/** Redis allows a value no more than 512 MB, unless it was set otherwise: ten digits are more than there can be. */
const MOST_DIGITS = 10

/** Errors that Redis sends are a few hundred bytes. */
const LONGEST_LINE = 4_096

/** So much is asked for at least where a line goes on: it is not worth more than one read to the system. */
const LEAST_LINE_READ = 16

/** A value's head, e.g. `$150528`, with its end of line. */
const USUAL_HEAD = 9

const READ_OVER_PIECE = 65_536

const [CR, LF, PLUS, MINUS, DOLLAR, ZERO] = [0x0d, 0x0a, 0x2b, 0x2d, 0x24, 0x30]

/**
 * Understands the replies of RESP2 to GET and to what opens a connection. It owns no input: it says where the next bytes
 * are to be written (`room`) and is told how many came (`received`), so that values go from the socket to their places with
 * no copy in between. Heads are read by themselves: what follows a head is asked for where it belongs.
 */
export class BulkReplyParser {
  taker: BulkReplyTaker
  readonly #line = new Uint8Array(LONGEST_LINE)
  /** Bytes in `#line` that are not yet understood. */
  #held = 0
  /** How long the last head was; the next is likely as long. */
  #headLength = USUAL_HEAD
  /** The value under way, and how many of its bytes are still to come. Its end of line is owed after that. */
  #value: Uint8Array | undefined
  #missing = 0
  #inValue = false
  #readOver: Uint8Array | undefined

  constructor(taker: BulkReplyTaker) {
    this.taker = taker
  }

  /** Where to write what comes next; at least one byte long. */
  room(): Uint8Array {
    if (this.#missing === 0) return this.#line.subarray(this.#held, this.#lineEnd())
    if (this.#value) return this.#value.subarray(this.#value.length - this.#missing)
    this.#readOver ??= new Uint8Array(READ_OVER_PIECE)
    return this.#readOver.subarray(0, this.#missing)
  }

  /** `count` bytes were written to the room. Throws RedisProtocolError. */
  received(count: number): void {
    if (this.#missing > 0) {
      this.#missing -= count
      return
    }
    this.#held += count
    let at = 0
    for (let next = this.#understand(at); next > at; next = this.#understand(at)) at = next
    this.#line.copyWithin(0, at, this.#held)
    this.#held -= at
    if (this.#held === LONGEST_LINE) throw new RedisProtocolError('a line without end')
  }

  #lineEnd(): number {
    const head = this.#headLength + (this.#inValue ? 2 : 0)
    return Math.min(this.#held < head ? head : this.#held + LEAST_LINE_READ, LONGEST_LINE)
  }

  /** Understands what begins at `at`, if all of it is there. Returns where the next begins. */
  #understand(at: number): number {
    if (this.#missing > 0) return at
    if (this.#inValue) return this.#endValue(at)
    const end = this.#line.subarray(0, this.#held).indexOf(LF, at)
    if (end < 0) return at
    if (end < at + 2 || this.#line[end - 1] !== CR) throw new RedisProtocolError('a line that ends otherwise')
    return this.#line[at] === DOLLAR ? this.#beginValue(at, end + 1) : this.#takeLine(at, end + 1)
  }

  #endValue(at: number): number {
    if (this.#held < at + 2) return at
    if (this.#line[at] !== CR || this.#line[at + 1] !== LF) {
      throw new RedisProtocolError('a value that is longer than it said')
    }
    this.#inValue = false
    this.#value = undefined
    this.taker.value()
    return at + 2
  }

  #beginValue(at: number, next: number): number {
    const length = this.#lengthIn(at + 1, next - 2)
    if (length < 0) {
      this.taker.nothing()
      return next
    }
    this.#headLength = next - at
    const value = this.taker.place(length)
    const here = Math.min(length, this.#held - next)
    value?.set(this.#line.subarray(next, next + here))
    this.#value = value
    this.#missing = length - here
    this.#inValue = true
    return next + here
  }

  /** The decimal number from `at` to `end`; -1 for `-1`, which is nothing. */
  #lengthIn(at: number, end: number): number {
    if (end - at === 2 && this.#line[at] === MINUS && this.#line[at + 1] === ZERO + 1) return -1
    let length = 0
    for (let i = at; i < end; i++) {
      const digit = (this.#line[i] as number) - ZERO
      if (digit < 0 || digit > 9) throw new RedisProtocolError('a length that is no number')
      length = length * 10 + digit
    }
    if (end === at || end - at > MOST_DIGITS) throw new RedisProtocolError('a length that cannot be')
    return length
  }

  #takeLine(at: number, next: number): number {
    if (this.#line[at] !== PLUS && this.#line[at] !== MINUS) {
      throw new RedisProtocolError('a reply of an unexpected kind')
    }
    this.taker.line(Buffer.from(this.#line.buffer, at, next - 2 - at).toString('utf8'))
    return next
  }
}
