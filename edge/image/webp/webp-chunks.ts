import { undecodable } from '../../../shared/image-problems.ts'

/** Part of a file, in bytes from its start; `end` is not included. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** `name` is four characters; the range is that of the content, and may reach beyond what contains the chunk. */
export interface Chunk extends ByteRange {
  readonly name: string
}

/**
 * Most chunks that are walked past, on each level: what follows is as if it were not there. An animation has one a frame,
 * and a file of 10 MB has room for a million.
 */
export const MAX_CHUNKS = 10_000

const CHUNK_HEADER_BYTES = 8

/**
 * What RIFF's 12 bytes of header say belongs to the file. Bytes after it are ignored.
 * Throws ProblemError 'undecodable-image' if some of it is missing.
 */
export function riffContent(bytes: Uint8Array): ByteRange {
  if (bytes.length < 12) throw undecodable('The WebP ends within its header.')
  const end = 8 + uintAt(bytes, 4, 4)
  if (end > bytes.length) throw undecodable('The WebP is incomplete: its end is missing.')
  return { start: 12, end }
}

/** The chunks in `range`, each padded to an even length. */
export function* chunksIn(bytes: Uint8Array, range: ByteRange): Generator<Chunk> {
  let at = range.start
  for (let count = 0; count < MAX_CHUNKS && at + CHUNK_HEADER_BYTES <= range.end; count++) {
    const length = uintAt(bytes, at + 4, 4)
    const start = at + CHUNK_HEADER_BYTES
    yield { name: String.fromCharCode(...bytes.subarray(at, at + 4)), start, end: start + length }
    at = start + length + (length & 1)
  }
}

/** Little-endian, 1 to 4 bytes, unsigned; bytes beyond the end read as 0. */
export function uintAt(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0
  for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0)
  return value
}
