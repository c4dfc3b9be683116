import { RedisUnreachableError } from '../../shared/redis-commands.ts'
import { BulkConnection, type BulkConnectionSettings, type ConnectionOwner } from './bulk-connection.ts'
import { RedisProtocolError } from './bulk-reply-parser.ts'
import { keysAhead } from './keys-ahead.ts'
import { type PayloadOutcome, PayloadReading, type ReadingMemory } from './payload-reading.ts'
import { encodeCommand, type RedisAddress, redisAddress } from './redis-address.ts'

export type { PayloadOutcome } from './payload-reading.ts'

export interface PayloadReaderSettings extends BulkConnectionSettings {
  /** Values that do not go to a place are read over if they are longer, in bytes. */
  longestOther: number
}

const DEFAULTS: PayloadReaderSettings = {
  connectMs: 5_000,
  silenceMs: 10_000,
  tls: {},
  longestOther: 64 * 1024 * 1024,
}

/** Reads payloads to where the model takes them from: values go from the socket to their places, with no copy in between. */
export class PayloadReader {
  readonly #address: RedisAddress
  readonly #settings: PayloadReaderSettings
  readonly #memory: ReadingMemory
  #scratch = new Uint8Array(0)
  #connection: BulkConnection | undefined
  #isClosed = false
  /** Those not fully answered, in the order of the calls: answers are the first's. From `#asking` on there are keys to ask for. */
  #readings: PayloadReading[] = []
  #asking = 0
  #onTheWay = 0
  /** Of the places last given. */
  #placeLength: number | undefined

  private constructor(address: RedisAddress, settings: PayloadReaderSettings) {
    this.#address = address
    this.#settings = settings
    this.#memory = {
      longestOther: settings.longestOther,
      scratch: (length) => {
        if (this.#scratch.length < length) this.#scratch = new Uint8Array(length)
        return this.#scratch
      },
    }
  }

  /** Throws RedisUnreachableError with address and reason if Redis does not answer now. */
  static async connect(url: string, settings: Partial<PayloadReaderSettings> = {}): Promise<PayloadReader> {
    const reader = new PayloadReader(redisAddress(url), { ...DEFAULTS, ...settings })
    await reader.#connect().opened
    return reader
  }

  /**
   * GETs each key into its place. All places are as long as one tensor: a value of just that length is the tensor, one of
   * the length of its padded base64 is decoded. A key without a place is read as it is stored, whatever its length. Calls
   * may overlap; they are answered in order.
   *
   * Throws RedisUnreachableError if the connection is lost or cannot be made again, RedisReplyError if Redis refuses a
   * key otherwise than for its type. The places' content is undefined then, nothing more is written to them, and the call
   * may be repeated.
   */
  read(keys: readonly string[], places: readonly (Uint8Array | undefined)[]): Promise<PayloadOutcome[]> {
    if (keys.length !== places.length) return Promise.reject(new RangeError('a place for each key'))
    if (this.#isClosed) return Promise.reject(this.#closed())
    if (keys.length === 0) return Promise.resolve([])
    const reading = new PayloadReading(keys, places, this.#memory)
    this.#readings.push(reading)
    this.#placeLength = places.find((place) => place !== undefined)?.length
    if (this.#connection) this.#ask()
    else this.#connect()
    return reading.outcomes
  }

  /** Calls that are under way throw RedisUnreachableError. */
  close(): void {
    this.#isClosed = true
    this.#connection?.destroy()
    this.#lost(this.#closed())
  }

  #connect(): BulkConnection {
    const connection = new BulkConnection(this.#address, this.#settings, this.#owner)
    this.#connection = connection
    connection.opened.then(
      () => this.#ask(),
      () => {},
    )
    return connection
  }

  /** Asks for more once half of what may be on the way has come: fewer and larger writes cost less. */
  #ask(): void {
    if (!this.#connection?.isOpen) return
    const ahead = keysAhead(this.#placeLength, this.#connection.roundTripMs)
    if (this.#onTheWay > ahead / 2) return
    let commands = ''
    while (this.#onTheWay < ahead && this.#asking < this.#readings.length) {
      const key = this.#readings[this.#asking]?.nextKey()
      if (key === undefined) {
        this.#asking++
      } else {
        commands += encodeCommand(['GET', key])
        this.#onTheWay++
      }
    }
    if (commands) this.#connection.send(commands)
  }

  readonly #owner: ConnectionOwner = {
    place: (length) => this.#first().place(length),
    value: () => this.#answered((reading) => reading.value()),
    nothing: () => this.#answered((reading) => reading.nothing()),
    line: (text) => this.#answered((reading) => reading.line(text)),
    waits: () => this.#onTheWay > 0,
    lost: (error) => this.#lost(error),
  }

  #first(): PayloadReading {
    const first = this.#readings[0]
    if (!first || this.#onTheWay === 0) throw new RedisProtocolError('an answer that nobody asked for')
    return first
  }

  #answered(take: (reading: PayloadReading) => void): void {
    const first = this.#first()
    take(first)
    this.#onTheWay--
    if (first.isAnswered) {
      this.#readings.shift()
      this.#asking = Math.max(0, this.#asking - 1)
      first.finish()
    }
    this.#ask()
  }

  #lost(error: RedisUnreachableError): void {
    this.#connection = undefined
    const readings = this.#readings
    this.#readings = []
    this.#asking = 0
    this.#onTheWay = 0
    for (const reading of readings) reading.fail(error)
  }

  #closed(): RedisUnreachableError {
    return new RedisUnreachableError(`cannot reach Redis at ${this.#address.name}: the reader was closed`)
  }
}
