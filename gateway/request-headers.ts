import type { IncomingMessage } from 'node:http'

/** What is asked of a request's headers, by names in lower case; null for one that is not there. */
export type RequestHeaders = Pick<Headers, 'get'>

/**
 * A header that was sent twice is both values with a comma between them, as `Headers` has it: Node's own `headers` would keep the first of two tokens and say
 * nothing of the second, and a proxy ahead of the gateway may have looked at the other one.
 * Read from what came over the wire, since a request's own `Headers` are made of all of them first: an eighth of all that a GET costs here (`npm run bench:gateway`).
 */
export function headersOf({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): RequestHeaders {
  return { get: (name) => valuesOf(rawHeaders, name) }
}

/** Of a flat list of names and values, in the order of the wire. */
function valuesOf(rawHeaders: readonly string[], name: string): string | null {
  let found: string | null = null
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at] as string
    if (sent.length !== name.length || sent.toLowerCase() !== name) continue
    const value = rawHeaders[at + 1] as string
    found = found === null ? value : `${found}, ${value}`
  }
  return found
}
