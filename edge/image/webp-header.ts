import { ProblemError } from '../../shared/errors.ts'
import { undecodable } from '../../shared/image-problems.ts'
import type { Orientation } from '../../shared/orientation.ts'
import { readExifOrientation } from './exif-orientation.ts'

export interface WebpHeader {
  readonly type: 'webp'
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
  /** Lossless pixels take the decoder about twice the memory. */
  readonly lossless: boolean
}

interface Chunk {
  readonly name: string
  readonly data: Uint8Array
}
type Size = Pick<WebpHeader, 'width' | 'height'>

const ANIMATION_FLAG = 0x02

/**
 * Sides from the frame (`VP8 ` or `VP8L`), which is what the decoder allocates by; an extended file's canvas must agree.
 * Throws ProblemError 'undecodable-image', or 'unsupported-image' for an animation.
 */
export function readWebpHeader(bytes: Uint8Array): WebpHeader {
  let canvas: Size | undefined
  let frame: Size | undefined
  let lossless = false
  let orientation: Orientation | undefined
  for (const { name, data } of chunksOf(bytes)) {
    if (name === 'VP8X') canvas ??= readCanvas(data)
    if (name === 'EXIF') orientation ??= readExifOrientation(data)
    if (frame === undefined && (name === 'VP8 ' || name === 'VP8L')) {
      lossless = name === 'VP8L'
      frame = lossless ? readLosslessFrame(data) : readLossyFrame(data)
    }
  }
  if (frame === undefined) throw undecodable('The WebP has no frame.')
  if (canvas !== undefined && (canvas.width !== frame.width || canvas.height !== frame.height)) {
    throw undecodable("The WebP's frame and canvas differ in size.")
  }
  return { type: 'webp', ...frame, orientation: orientation ?? 1, lossless }
}

/** Chunks after the 12 bytes of RIFF header; the last may be cut off. Each is padded to an even length. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true)
    const name = String.fromCharCode(...bytes.subarray(at, at + 4))
    yield { name, data: bytes.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length & 1)
  }
}

/** Flags (1 byte), reserved (3), width - 1 and height - 1 (3 each, little-endian). */
function readCanvas(data: Uint8Array): Size {
  if (data.length < 10) throw undecodable('The WebP ends within its header.')
  if (((data[0] ?? 0) & ANIMATION_FLAG) !== 0) {
    throw new ProblemError('unsupported-image', 'Animated WebP is not supported; send a still image.')
  }
  return { width: 1 + uint(data, 4, 3), height: 1 + uint(data, 7, 3) }
}

/** RFC 6386, 9.1: frame tag (3 bytes), start code 9D 01 2A, then 14 bits of size and 2 of upscaling, twice. */
function readLossyFrame(data: Uint8Array): Size {
  if (data.length < 10 || uint(data, 3, 3) !== 0x2a019d) throw undecodable('The WebP has a bad frame header.')
  return { width: uint(data, 6, 2) & 0x3fff, height: uint(data, 8, 2) & 0x3fff }
}

/** Signature 2F, then width - 1 and height - 1 in 14 bits each. */
function readLosslessFrame(data: Uint8Array): Size {
  if (data.length < 5 || data[0] !== 0x2f) throw undecodable('The WebP has a bad frame header.')
  const bits = uint(data, 1, 4)
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
}

/** Little-endian, 1 to 4 bytes, unsigned. */
function uint(data: Uint8Array, offset: number, bytes: number): number {
  let value = 0
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (data[offset + i] ?? 0)
  return value
}
