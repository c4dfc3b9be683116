import { ProblemError } from '../../../shared/errors.ts'
import { undecodable } from '../../../shared/image-problems.ts'
import type { Orientation } from '../../../shared/orientation.ts'
import { readExifOrientation } from '../exif-orientation.ts'
import { type ByteRange, type Chunk, chunksIn, riffContent, uintAt } from './webp-chunks.ts'

/** A still picture, or the first frame of an animation. */
export interface WebpHeader {
  readonly type: 'webp'
  /** Of the canvas. */
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
  /** Kept as a whole while it is decoded: 4 bytes a pixel. */
  readonly lossless: boolean
  /** Some pixel may not be opaque: the frame has alpha, or does not fill the canvas. */
  readonly alpha: boolean
  /** 1 for a still picture. Counted up to MAX_CHUNKS of webp-chunks.ts. */
  readonly frames: number
  /** Where the first frame lies on the canvas, and within it; the rest is transparent. */
  readonly frame: FrameRectangle
  /** The frame's `VP8 ` or `VP8L`, within the file. */
  readonly image: ByteRange
  /** `ALPH` of a lossy frame, kept as a whole too. */
  readonly alphaPlane: ByteRange | undefined
}

export interface FrameRectangle extends Size {
  readonly left: number
  readonly top: number
}

interface Size {
  readonly width: number
  readonly height: number
}
type FrameImage = Size & Pick<WebpHeader, 'lossless' | 'alpha' | 'image' | 'alphaPlane'>

/** In pixels. A canvas may be larger by its header, but no frame can, and no encoder makes such. */
const MAX_SIDE = 16_384

/** ANMF: offsets / 2 and sides - 1 (3 bytes each), duration (3), flags (1); then chunks as in a still picture. */
const FRAME_HEADER_BYTES = 16

/**
 * Sides are the canvas's; those of the frame, which is what the decoder allocates by, are held against what the container
 * says. Throws ProblemError 'undecodable-image', or 'image-too-large' for a canvas that no frame can fill.
 */
export function readWebpHeader(bytes: Uint8Array): WebpHeader {
  const content = riffContent(bytes)
  let canvas: Size | undefined
  let still: FrameImage | undefined
  let animationFrame: ByteRange | undefined
  let alphaPlane: ByteRange | undefined
  let frames = 0
  let orientation: Orientation | undefined
  for (const chunk of chunksIn(bytes, content)) {
    if (chunk.name === 'VP8X') canvas ??= readCanvas(bytes, within(chunk, content))
    if (chunk.name === 'EXIF') orientation ??= readExifOrientation(bytes.subarray(chunk.start, chunk.end))
    if (chunk.name === 'ALPH') alphaPlane ??= within(chunk, content)
    if (isImage(chunk)) still ??= readImage(bytes, chunk, content, alphaPlane)
    if (chunk.name !== 'ANMF') continue
    animationFrame ??= within(chunk, content)
    frames++
  }
  const header = { type: 'webp', orientation: orientation ?? 1, frames: Math.max(1, frames) } as const
  if (still !== undefined) return { ...header, ...placeStill(still, canvas) }
  if (animationFrame !== undefined) return { ...header, ...placeFrame(bytes, animationFrame, canvas) }
  throw undecodable('The WebP has no frame.')
}

type Placed = Omit<WebpHeader, 'type' | 'orientation' | 'frames'>

function placeStill(image: FrameImage, canvas: Size | undefined): Placed {
  const { width, height } = image
  if (canvas !== undefined && (canvas.width !== width || canvas.height !== height)) {
    throw undecodable("The WebP's frame and canvas differ in size.")
  }
  return { ...image, frame: { left: 0, top: 0, width, height } }
}

function placeFrame(bytes: Uint8Array, range: ByteRange, canvas: Size | undefined): Placed {
  if (canvas === undefined) throw undecodable('The WebP has no canvas.')
  const frame = {
    left: 2 * uintAt(bytes, range.start, 3),
    top: 2 * uintAt(bytes, range.start + 3, 3),
    width: 1 + uintAt(bytes, range.start + 6, 3),
    height: 1 + uintAt(bytes, range.start + 9, 3),
  }
  const image = firstImage(bytes, { start: range.start + FRAME_HEADER_BYTES, end: range.end })
  if (image?.width !== frame.width || image.height !== frame.height) {
    throw undecodable("The WebP's first frame is missing or has another size than it says.")
  }
  if (frame.left + frame.width > canvas.width || frame.top + frame.height > canvas.height) {
    throw undecodable("The WebP's first frame is not within its canvas.")
  }
  const fillsCanvas = frame.width === canvas.width && frame.height === canvas.height
  return { ...image, ...canvas, frame, alpha: image.alpha || !fillsCanvas }
}

/** An animation's frame: an optional ALPH and the image. */
function firstImage(bytes: Uint8Array, range: ByteRange): FrameImage | undefined {
  let alphaPlane: ByteRange | undefined
  for (const chunk of chunksIn(bytes, range)) {
    if (chunk.name === 'ALPH') alphaPlane ??= within(chunk, range)
    if (isImage(chunk)) return readImage(bytes, chunk, range, alphaPlane)
  }
  return undefined
}

function isImage({ name }: Chunk): boolean {
  return name === 'VP8 ' || name === 'VP8L'
}

function readImage(
  bytes: Uint8Array,
  chunk: Chunk,
  container: ByteRange,
  alphaPlane: ByteRange | undefined,
): FrameImage {
  const image = within(chunk, container)
  if (chunk.name === 'VP8L')
    return { ...readLossless(bytes, image), lossless: true, image, alphaPlane: undefined }
  return { ...readLossy(bytes, image), lossless: false, image, alphaPlane, alpha: alphaPlane !== undefined }
}

function within({ start, end }: ByteRange, container: ByteRange): ByteRange {
  if (end > container.end) throw undecodable('The WebP is damaged: a chunk reaches beyond what contains it.')
  return { start, end }
}

/** Flags (1 byte), reserved (3), width - 1 and height - 1 (3 each, little-endian). */
function readCanvas(bytes: Uint8Array, { start, end }: ByteRange): Size {
  if (end - start < 10) throw undecodable('The WebP has a bad header.')
  const canvas = { width: 1 + uintAt(bytes, start + 4, 3), height: 1 + uintAt(bytes, start + 7, 3) }
  if (Math.max(canvas.width, canvas.height) <= MAX_SIDE) return canvas
  throw new ProblemError(
    'image-too-large',
    `The image is ${canvas.width} x ${canvas.height}; a WebP may have ${MAX_SIDE} pixels a side.`,
  )
}

/** RFC 6386, 9.1: frame tag (3 bytes), start code 9D 01 2A, then 14 bits of size and 2 of upscaling, twice. */
function readLossy(bytes: Uint8Array, { start, end }: ByteRange): Size {
  if (end - start < 10 || uintAt(bytes, start + 3, 3) !== 0x2a019d) {
    throw undecodable('The WebP has a bad frame header.')
  }
  return { width: uintAt(bytes, start + 6, 2) & 0x3fff, height: uintAt(bytes, start + 8, 2) & 0x3fff }
}

/** Signature 2F, then width - 1 and height - 1 in 14 bits each, and a bit for alpha. */
function readLossless(bytes: Uint8Array, { start, end }: ByteRange): Size & { alpha: boolean } {
  if (end - start < 5 || bytes[start] !== 0x2f) throw undecodable('The WebP has a bad frame header.')
  const bits = uintAt(bytes, start + 1, 4)
  return {
    width: 1 + (bits & 0x3fff),
    height: 1 + ((bits >>> 14) & 0x3fff),
    alpha: ((bits >>> 28) & 1) === 1,
  }
}
