/** A reply as ioredis gives it when asked for buffers and for numbers as text; errors may stand in lists. */
export type RawReply = Buffer | IntegerText | null | Error | RawReply[]
/** An integer's digits, which a number might not hold. */
type IntegerText = string

export type ReplyEncoding = 'utf8' | 'base64'

/**
 * A Redis reply as the text of JSON. With `base64`, every string is encoded, so that binary values survive, except a bare `OK`:
 * Upstash's client knows that one by sight. Integers keep all their digits.
 */
export function replyJson(reply: RawReply, encoding: ReplyEncoding): string {
  if (Buffer.isBuffer(reply) && isOk(reply)) return '"OK"'
  return nestedJson(reply, encoding)
}

const isOk = (reply: Buffer) => reply.length === 2 && reply[0] === 0x4f && reply[1] === 0x4b

function nestedJson(reply: RawReply, encoding: ReplyEncoding): string {
  if (Buffer.isBuffer(reply)) {
    return encoding === 'base64' ? `"${reply.toString('base64')}"` : JSON.stringify(reply.toString('utf8'))
  }
  if (typeof reply === 'string') return reply
  if (reply === null) return 'null'
  if (reply instanceof Error) return nestedJson(Buffer.from(reply.message), encoding)
  return `[${reply.map((item) => nestedJson(item, encoding)).join(',')}]`
}
