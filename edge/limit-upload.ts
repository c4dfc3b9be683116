import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ProblemError } from '../shared/errors.ts'

/** Bodies up to this size are read to their end before they are refused; Cloudflare lets none through that are larger. */
const DRAINABLE_BYTES = 100_000_000

/**
 * Refuses bodies of more than `maxBytes`, before they are read where Content-Length gives it away. What the client
 * is still sending is read and thrown away: a connection that is cut in the middle of a body costs it our answer.
 */
export function limitUpload(maxBytes: number): MiddlewareHandler {
  const refuse = () => {
    throw new ProblemError('body-too-large', `An upload may have ${maxBytes} bytes at most.`)
  }
  const limit = bodyLimit({ maxSize: maxBytes, onError: refuse })
  return async (c, next) => {
    const declared = Number(c.req.header('content-length') ?? 0)
    if (declared > maxBytes && declared <= DRAINABLE_BYTES) {
      await c.req.raw.body?.pipeTo(new WritableStream())
      refuse()
    }
    return limit(c, next)
  }
}
