/** A reply as ioredis gives it when asked for buffers. */
export type RawReply = Buffer | string | number | null | RawReply[]

export type ReplyEncoding = 'utf8' | 'base64'

/**
 * A Redis reply as JSON. With `base64`, every string is encoded, so that binary values survive, except a bare `OK`:
 * Upstash's client knows that one by sight.
 */
export function encodeReply(reply: RawReply, encoding: ReplyEncoding): unknown {
  if (Buffer.isBuffer(reply) && reply.equals(OK)) return 'OK'
  return encodeNested(reply, encoding)
}

const OK = Buffer.from('OK')

function encodeNested(reply: RawReply, encoding: ReplyEncoding): unknown {
  if (Array.isArray(reply)) return reply.map((item) => encodeNested(item, encoding))
  if (Buffer.isBuffer(reply)) return reply.toString(encoding)
  return typeof reply === 'string' && encoding === 'base64' ? Buffer.from(reply).toString('base64') : reply
}
