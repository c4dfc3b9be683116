const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Of `,`, `:`, `[` and `{`: each begins a value or a key that a parser makes something of. */
const BEGINNINGS: ReadonlySet<number> = new Set([0x2c, 0x3a, 0x5b, 0x7b])

/**
 * Whether JSON text has at most `most` values, keys and escaped quotes: then parsing it costs little beside its strings, and it is nested no
 * deeper than that. Looks at bytes alone; what is no JSON may be taken for either.
 */
export function hasFewParts(json: Uint8Array, most: number): boolean {
  let parts = 0
  let at = 0
  while (at < json.length) {
    const byte = json[at++] as number
    if (byte === QUOTE) {
      const string = endOfString(json, at, most - parts)
      at = string.end
      parts += string.escapedQuotes
    } else if (BEGINNINGS.has(byte)) parts++
    if (parts > most) return false
  }
  return true
}

/** After the quote that ends the string which begins at `from`; stops early after more than `most` escaped ones. */
function endOfString(json: Uint8Array, from: number, most: number): { end: number; escapedQuotes: number } {
  let escapedQuotes = 0
  let at = from
  for (;;) {
    // Megabytes of base64 in one stride.
    const quote = json.indexOf(QUOTE, at)
    if (quote === -1) return { end: json.length, escapedQuotes }
    if (!isEscaped(json, quote, at)) return { end: quote + 1, escapedQuotes }
    at = quote + 1
    if (++escapedQuotes > most) return { end: at, escapedQuotes }
  }
}

/** By an odd number of backslashes before it; none that counts is before `from`. */
function isEscaped(json: Uint8Array, quote: number, from: number): boolean {
  let before = quote
  while (before > from && json[before - 1] === BACKSLASH) before--
  return (quote - before) % 2 === 1
}
