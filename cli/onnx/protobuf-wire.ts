/**
 * Protobuf's wire format: a message as a list of fields whose bytes are kept. A model is edited on this level because what
 * no schema at hand knows then goes through untouched: fields and element types that are younger than it.
 */

export interface WireField {
  readonly number: number
  /** Of a message, a string, bytes or packed numbers; empty for all others. */
  readonly content: Uint8Array
  /** The whole field, tag included. */
  readonly whole: Uint8Array
}

const VARINT = 0
const FIXED_64 = 1
const LENGTH_DELIMITED = 2
const FIXED_32 = 5

/** The fields of a message, in order, as views of it. Throws RangeError for what is none. */
export function* fieldsOf(message: Uint8Array): Generator<WireField> {
  const cursor = { at: 0 }
  while (cursor.at < message.length) {
    const start = cursor.at
    const tag = readVarint(message, cursor)
    let from = cursor.at
    switch (tag % 8) {
      case VARINT:
        readVarint(message, cursor)
        from = cursor.at
        break
      case LENGTH_DELIMITED: {
        const length = readVarint(message, cursor)
        from = cursor.at
        cursor.at += length
        break
      }
      case FIXED_64:
      case FIXED_32:
        cursor.at += tag % 8 === FIXED_64 ? 8 : 4
        from = cursor.at
        break
      default:
        throw new RangeError(`there is no wire type ${tag % 8}`)
    }
    if (cursor.at > message.length) throw new RangeError('a field is longer than its message')
    const [content, whole] = [message.subarray(from, cursor.at), message.subarray(start, cursor.at)]
    yield { number: Math.floor(tag / 8), content, whole }
  }
}

/** A varint has at most ten bytes. */
const MOST_BITS = 70

function readVarint(message: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let bits = 0; bits < MOST_BITS; bits += 7) {
    const byte = message[cursor.at]
    if (byte === undefined) break
    cursor.at += 1
    value += (byte & 0x7f) * 2 ** bits
    if (byte < 0x80) return value
  }
  throw new RangeError('a number does not end')
}

/** Bytes that follow one another, joined only at the end: weights are copied once. */
export type Pieces = readonly Uint8Array[]

/** A length-delimited field. */
export function lengthDelimited(number: number, content: Pieces): Uint8Array[] {
  const length = content.reduce((sum, piece) => sum + piece.length, 0)
  return [Uint8Array.from([...varint(number * 8 + LENGTH_DELIMITED), ...varint(length)]), ...content]
}

export function varintField(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(number * 8 + VARINT), ...varint(value)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80)
  return [...bytes, rest]
}
