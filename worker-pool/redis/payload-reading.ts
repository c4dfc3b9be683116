import { RedisReplyError } from '../../shared/redis-commands.ts'
import { base64Into, base64Length } from './base64-into.ts'
import type { BulkReplyTaker } from './bulk-reply-parser.ts'

/** What became of one key. `filled`: its place holds the tensor. */
export type PayloadOutcome =
  | { kind: 'filled'; encoding: 'raw' | 'base64' }
  /** A value without a place, of another length, or of the length of base64 but none: as it is stored. */
  | { kind: 'other'; bytes: Uint8Array }
  /** A value so long that it was read over. */
  | { kind: 'too-long'; length: number }
  /** No such key, or no string. */
  | { kind: 'missing' }

export interface ReadingMemory {
  /** At least so many bytes, for one value until the next begins. */
  scratch(length: number): Uint8Array
  /** Values that do not go to a place are read over if they are longer, in bytes. */
  longestOther: number
}

const RAW: PayloadOutcome = Object.freeze({ kind: 'filled', encoding: 'raw' })
const BASE64: PayloadOutcome = Object.freeze({ kind: 'filled', encoding: 'base64' })
const MISSING: PayloadOutcome = Object.freeze({ kind: 'missing' })

/** One call's keys: those not asked for yet, those under way, and what became of the others. */
export class PayloadReading implements BulkReplyTaker {
  readonly #keys: readonly string[]
  readonly #places: readonly (Uint8Array | undefined)[]
  readonly #memory: ReadingMemory
  readonly #outcomes: PayloadOutcome[] = []
  readonly #end = Promise.withResolvers<PayloadOutcome[]>()
  #asked = 0
  #refusal: RedisReplyError | undefined
  /** What becomes of the value that is under way. */
  #coming: () => PayloadOutcome = () => MISSING

  constructor(keys: readonly string[], places: readonly (Uint8Array | undefined)[], memory: ReadingMemory) {
    this.#keys = keys
    this.#places = places
    this.#memory = memory
  }

  get outcomes(): Promise<PayloadOutcome[]> {
    return this.#end.promise
  }

  /** The next key to ask for; undefined after the last. */
  nextKey(): string | undefined {
    return this.#keys[this.#asked++]
  }

  get isAnswered(): boolean {
    return this.#outcomes.length === this.#keys.length
  }

  place(length: number): Uint8Array | undefined {
    const place = this.#places[this.#outcomes.length]
    if (place?.length === length) return this.#comingTo(place, () => RAW)
    if (place && base64Length(place.length) === length) {
      const text = this.#memory.scratch(length).subarray(0, length)
      return this.#comingTo(text, () =>
        base64Into(place, text) ? BASE64 : { kind: 'other', bytes: text.slice() },
      )
    }
    if (length > this.#memory.longestOther)
      return this.#comingTo(undefined, () => ({ kind: 'too-long', length }))
    const bytes = new Uint8Array(length)
    return this.#comingTo(bytes, () => ({ kind: 'other', bytes }))
  }

  value(): void {
    this.#outcomes.push(this.#coming())
  }

  nothing(): void {
    this.#outcomes.push(MISSING)
  }

  /** As MGET has it: what is no string is nothing. Any other line ends the call, once its other answers are there. */
  line(text: string): void {
    this.#outcomes.push(MISSING)
    if (!text.startsWith('-WRONGTYPE')) this.#refusal ??= new RedisReplyError(text.slice(1))
  }

  /** After the last answer: nothing is written to the places any more. */
  finish(): void {
    if (this.#refusal) this.#end.reject(this.#refusal)
    else this.#end.resolve(this.#outcomes)
  }

  fail(error: Error): void {
    this.#end.reject(error)
  }

  #comingTo(target: Uint8Array | undefined, outcome: () => PayloadOutcome): Uint8Array | undefined {
    this.#coming = outcome
    return target
  }
}
