import type { Clock } from '../shared/clock.ts'

/** Cloudflare lets none through that are larger. */
const DRAINABLE_BYTES = 100_000_000

/**
 * Reads a body that nobody wants and throws it away, for `maxMs` at most: a connection that is cut in the middle of a body costs
 * the client our answer. Costs no memory, and never rejects: a client that has gone needs no answer.
 */
export async function drainBody(request: Request, maxMs: number, clock: Clock): Promise<void> {
  if (!request.body || request.bodyUsed) return
  const reader = request.body.getReader()
  const drained = new AbortController()
  const late = clock.sleep(maxMs, drained.signal)
  try {
    for (let bytes = 0; bytes < DRAINABLE_BYTES; ) {
      const piece = await Promise.race([reader.read(), late])
      if (!piece || piece.done) return
      bytes += piece.value.length
    }
  } catch {
  } finally {
    drained.abort()
  }
}
