import type { ReadStream } from 'node:tty'
import { UsageError } from './user-error.ts'

/** All of standard input. Throws UsageError where that is a terminal: nobody types a photo. */
export async function readInput(
  input: Pick<ReadStream, 'isTTY'> & AsyncIterable<Uint8Array> = process.stdin,
): Promise<Uint8Array> {
  if (input.isTTY) throw new UsageError('- reads a photo from standard input: pipe or redirect one into it')
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk)
  return Buffer.concat(chunks)
}
