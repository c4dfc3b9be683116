/** How long a request may take to arrive, for servers on node:http. What our own code allows a body ends sooner, with an answer. */
export interface HttpLimits {
  /** Request line and headers; also how long a connection may stay without a first byte. Milliseconds. */
  headersMs: number
  /** All of it. Milliseconds. */
  requestMs: number
}

/** How often requests under way are held against their limits: so much later they end. */
const CHECK_EVERY_MS = 1_000
/** Between two requests of a connection. */
const IDLE_MS = 5_000
/** Request line and headers together; also trailers, and the extensions of a chunk. */
export const MAX_HEADER_BYTES = 16 * 1024

/** Options of node:http's createServer: all stated, since both Node's defaults and its command line may say otherwise. */
export function httpServerOptions({ headersMs, requestMs }: HttpLimits) {
  return {
    headersTimeout: Math.min(headersMs, requestMs),
    requestTimeout: requestMs,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    keepAliveTimeout: IDLE_MS,
    /** Beyond it: 431. */
    maxHeaderSize: MAX_HEADER_BYTES,
    /** Node's parser is strict: two lengths, a length beside chunks, folded lines and bare line feeds are refused with 400. */
    insecureHTTPParser: false,
    /** Left to `refusingAmbiguous`, which every server has: Node's refusal would not be in the server's own words. */
    requireHostHeader: false,
  }
}

/** What node:http's requests and responses offer, as far as it is needed here. */
interface IncomingHead {
  httpVersion: string
  url?: string | undefined
  headersDistinct: Record<string, string[] | undefined>
}
interface OutgoingHead {
  writeHead(status: number, headers: Record<string, string>): { end(): unknown }
}

/**
 * A listener for requests that refuses, with 400 and the end of the connection, what a proxy in front may understand otherwise than Node does
 * and what Node's parser lets pass: then one might take for the end of a request, or for its host, what the other does not. `refuse`: answers so
 * in the server's own words.
 */
export function refusingAmbiguous<In extends IncomingHead, Out extends OutgoingHead>(
  listener: (incoming: In, outgoing: Out) => unknown,
  refuse: (outgoing: Out) => unknown = refuseWithoutWords,
): (incoming: In, outgoing: Out) => unknown {
  return (incoming, outgoing) => (isAmbiguous(incoming) ? refuse(outgoing) : listener(incoming, outgoing))
}

const refuseWithoutWords = (outgoing: OutgoingHead) => outgoing.writeHead(400, { connection: 'close' }).end()

function isAmbiguous({ httpVersion, url = '', headersDistinct: headers }: IncomingHead): boolean {
  // Node's parser takes HTTP/0.9 for a request without headers.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return true
  if (httpVersion === '1.1' && headers.host === undefined) return true
  const codings = headers['transfer-encoding']
  // HTTP/1.0 knows no chunks: who speaks it takes such a body to last until the connection ends.
  if (codings && (httpVersion !== '1.1' || codings.join().toLowerCase() !== 'chunked')) return true
  const [, authority] = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url) ?? []
  const hosts = new Set([...(headers.host ?? []), ...(authority === undefined ? [] : [authority])])
  return hosts.size > 1 || (headers.host?.length ?? 0) > 1
}
