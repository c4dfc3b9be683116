import { CommandError } from './command.ts'
import type { ReplyEncoding } from './reply.ts'
import type { RequestHeaders } from './request-headers.ts'

/** How a client wants its answer: as JSON, with strings as text or in base64, or as Redis' own bytes. */
export type AnswerFormat = ReplyEncoding | 'resp2'

/** As `Upstash-Response-Format` and `Upstash-Encoding` say. Throws CommandError if they say what there is not. */
export function formatOf(headers: RequestHeaders): AnswerFormat {
  const encoding = headers.get('upstash-encoding')
  const format = headers.get('upstash-response-format')
  // Nearly all requests are of one of these.
  if (format === null) {
    if (encoding === null || encoding === '') return 'utf8'
    if (encoding === 'base64') return 'base64'
  }
  return known(encoding, format)
}

function known(encoding: string | null, format: string | null): AnswerFormat {
  if (encoding && encoding !== 'base64') {
    throw new CommandError('ERR Upstash-Encoding must be base64, or not be there')
  }
  if (format && format !== 'json' && format !== 'resp2') {
    throw new CommandError('ERR Upstash-Response-Format must be json or resp2')
  }
  if (format !== 'resp2') return encoding ? 'base64' : 'utf8'
  if (encoding)
    throw new CommandError('ERR Upstash-Encoding cannot be base64 where Upstash-Response-Format is resp2')
  return 'resp2'
}
