import { addAbortSignal, type Readable } from 'node:stream'
import { photoBytes } from './predict/photo-bytes.ts'
import { UsageError } from './user-error.ts'

type Input = Readable & { isTTY?: boolean }

/** All of standard input. Throws UsageError where that is a terminal: nobody types a photo. Throws, too, once `stopped` is aborted. */
export async function readInput(stopped: AbortSignal, input: Input = process.stdin): Promise<Uint8Array> {
  if (input.isTTY) throw new UsageError('- reads a photo from standard input: pipe or redirect one into it')
  return photoBytes(addAbortSignal(stopped, input))
}
