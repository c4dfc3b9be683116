import { undecodable } from '../../shared/image-problems.ts'
import type { Orientation } from '../../shared/orientation.ts'
import { readExifOrientation } from './exif-orientation.ts'

export interface PngHeader {
  readonly type: 'png'
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
}

const SIGNATURE_BYTES = 8
/** A chunk is length (4), name (4), data, checksum (4). */
const CHUNK_FRAME_BYTES = 12
const IHDR = 0x49484452
const EXIF = 0x65584966
const IEND = 0x49454e44

/**
 * Sides from IHDR, which must come first (as the decoder demands). Walks all chunks: a file without its end is refused here
 * and not by the decoder, which panics on it and has to be replaced.
 * Throws ProblemError 'undecodable-image'.
 */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const ihdr = SIGNATURE_BYTES
  if (view.byteLength < ihdr + CHUNK_FRAME_BYTES + 13) throw undecodable('The PNG ends within its header.')
  if (view.getUint32(ihdr) !== 13 || view.getUint32(ihdr + 4) !== IHDR) {
    throw undecodable('The PNG does not start with a header chunk.')
  }
  return {
    type: 'png',
    width: view.getUint32(ihdr + 8),
    height: view.getUint32(ihdr + 12),
    orientation: orientationIn(bytes, view),
  }
}

/** From the eXIf chunk, which may stand before or after the pixels. */
function orientationIn(bytes: Uint8Array, view: DataView): Orientation {
  let orientation: Orientation | undefined
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= view.byteLength; ) {
    const length = view.getUint32(at)
    const name = view.getUint32(at + 4)
    if (name === IEND) return orientation ?? 1
    if (name === EXIF) orientation ??= readExifOrientation(bytes.subarray(at + 8, at + 8 + length))
    at += CHUNK_FRAME_BYTES + length
  }
  throw undecodable('The PNG is incomplete: its end is missing.')
}
