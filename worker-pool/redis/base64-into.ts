/** Characters decoded at once; a multiple of 4. Strings over about 100 kB cost V8 eight times as much a character. */
const PIECE = 65_536

const QUAD = 4
const EQUALS = 0x3d
const NOT_A_DIGIT = 0xff

/** How many characters of padded base64 stand for so many bytes. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * QUAD
}

/**
 * Decodes padded base64 (either alphabet of RFC 4648) that should fill the place exactly: its length is
 * `base64Length(place.length)`. False if a character is of neither alphabet, the padding is wrong or stands elsewhere
 * than at the end; the place's content is undefined then.
 */
export function base64Into(place: Uint8Array, characters: Uint8Array): boolean {
  if (characters.length !== base64Length(place.length)) return false
  if (place.length === 0) return true
  const target = Buffer.from(place.buffer, place.byteOffset, place.length)
  const text = Buffer.from(characters.buffer, characters.byteOffset, characters.length)
  const lastQuad = text.length - QUAD
  let filled = 0
  for (let at = 0; at < lastQuad; at += PIECE) {
    const piece = text.toString('latin1', at, Math.min(at + PIECE, lastQuad))
    // Node skips what it does not know, and each character skipped in here leaves the piece a byte short.
    const decoded = target.write(piece, filled, 'base64')
    if (decoded !== (piece.length / QUAD) * 3) return false
    filled += decoded
  }
  return lastQuadInto(target.subarray(filled), text.subarray(lastQuad))
}

/** Node would take anything for padding, so the quad that may hold some is decoded here. */
function lastQuadInto(place: Uint8Array, quad: Uint8Array): boolean {
  let bits = 0
  for (let i = 0; i < QUAD; i++) {
    const character = quad[i] as number
    const isPadding = i > place.length
    const digit = isPadding ? (character === EQUALS ? 0 : NOT_A_DIGIT) : (DIGITS[character] as number)
    if (digit === NOT_A_DIGIT) return false
    bits = (bits << 6) | digit
  }
  for (let i = 0; i < place.length; i++) place[i] = bits >> (16 - 8 * i)
  return true
}

const DIGITS = new Uint8Array(256).fill(NOT_A_DIGIT)
for (const alphabet of ['+/', '-_']) {
  const digits = `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789${alphabet}`
  for (let i = 0; i < digits.length; i++) DIGITS[digits.charCodeAt(i)] = i
}
