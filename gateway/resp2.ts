import type { Outcome } from './redis.ts'
import type { RawReply } from './reply.ts'

/** An outcome that is not Redis' own, in the bytes Redis would send it in. A string is a bulk string, never a status. */
export function resp2Of(outcome: Outcome): Buffer {
  return 'error' in outcome ? line('-', outcome.error) : bytesOf(outcome.reply)
}

const line = (type: string, text: string) => Buffer.from(`${type}${text}\r\n`)

function bytesOf(reply: RawReply): Buffer {
  if (reply === null) return line('$', '-1')
  if (typeof reply === 'string') return line(':', reply)
  if (reply instanceof Error) return line('-', reply.message)
  if (Buffer.isBuffer(reply)) return Buffer.concat([line('$', String(reply.length)), reply, line('', '')])
  return Buffer.concat([line('*', String(reply.length)), ...reply.map(bytesOf)])
}
