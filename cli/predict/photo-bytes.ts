import type { Readable } from 'node:stream'

/** More than any edge takes, and little enough to hold for each photo under way. */
const MOST_BYTES = 100 * 2 ** 20

/** All of a photo. Throws if it is too long to be one, without having read more than that: it may be a film, or have no end. */
export async function photoBytes(stream: Readable, mostBytes = MOST_BYTES): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostBytes) throw new Error(`it has more than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
