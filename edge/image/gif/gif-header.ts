import { undecodable } from '../../../shared/image-problems.ts'

/** The first frame. It always lies within the picture, whose sides are made so. */
export interface GifFrame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** Rows are stored in four passes: every 8th from 0, every 8th from 4, every 4th from 2, every 2nd from 1. */
  readonly interlaced: boolean
  /** The frame's own palette or else the file's, 3 bytes an entry; 0 entries if the file has none at all. */
  readonly paletteOffset: number
  readonly paletteEntries: number
  readonly transparentIndex: number | undefined
  /** Bits of a palette index, 2 to 8; the codes start one bit wider. */
  readonly minCodeSize: number
  /** Where the sub-blocks with the codes start; their end is in the file. */
  readonly dataOffset: number
}

export interface GifHeader {
  readonly type: 'gif'
  /** The picture's sides, which are not always those of the logical screen: see `pictureSides`. */
  readonly width: number
  readonly height: number
  /** GIF has no EXIF. */
  readonly orientation: 1
  /** Image descriptors in the file; counted to one past the bound given to `readGifHeader`, no further. */
  readonly frames: number
  readonly frame: GifFrame
}

interface Sides {
  readonly width: number
  readonly height: number
}
interface Palette {
  readonly offset: number
  readonly entries: number
}

/** Signature (6), width, height (2 each, little-endian), flags, background, aspect. */
const SCREEN_BYTES = 13
/** Separator (1), left, top, width, height (2 each), flags. */
const DESCRIPTOR_BYTES = 10
const EXTENSION = 0x21
const GRAPHIC_CONTROL = 0xf9
const IMAGE = 0x2c
const TRAILER = 0x3b
const NO_PALETTE: Palette = { offset: 0, entries: 0 }

/**
 * Walks the blocks up to the first frame, and on to count the frames. Once the first frame is there in full, the rest may be
 * cut off or damaged, as only that frame is used; the count then ends early.
 * Throws ProblemError 'undecodable-image' for a file with no frame, or whose first one is cut off, empty or out of format.
 */
export function readGifHeader(bytes: Uint8Array, maxFrames = Number.POSITIVE_INFINITY): GifHeader {
  if (bytes.length < SCREEN_BYTES) throw undecodable('The GIF ends within its header.')
  const globalPalette = paletteAt(bytes, SCREEN_BYTES, bytes[10] ?? 0)
  let transparentIndex: number | undefined
  let at = SCREEN_BYTES + 3 * globalPalette.entries
  while (bytes[at] === EXTENSION) {
    transparentIndex = transparentIndexAt(bytes, at) ?? transparentIndex
    at = endOfSubBlocks(bytes, at + 2) ?? bytes.length
  }
  const frame: GifFrame = { ...frameAt(bytes, at, globalPalette), transparentIndex }
  if (frame.width < 1 || frame.height < 1) throw undecodable('The image has no pixels.')
  const end = endOfSubBlocks(bytes, frame.dataOffset)
  if (end === undefined) throw undecodable('The GIF is incomplete: the end of its first frame is missing.')
  const sides = pictureSides({ width: uint16(bytes, 6), height: uint16(bytes, 8) }, frame)
  return { type: 'gif', ...sides, orientation: 1, frames: 1 + countFrames(bytes, end, maxFrames), frame }
}

/**
 * What libnsgif, and with it libvips, makes the picture's sides. The first frame may enlarge the screen. A screen of 0, of
 * more than 2,048, or as large as the monitors of old is taken for an encoder's mistake: the frame alone counts.
 */
function pictureSides(screen: Sides, frame: GifFrame): Sides {
  const right = frame.left + frame.width
  const bottom = frame.top + frame.height
  const isMistaken =
    Math.min(screen.width, screen.height) === 0 ||
    Math.max(screen.width, screen.height) > 2048 ||
    MONITORS.some(([width, height]) => width === screen.width && height === screen.height)
  if (isMistaken) return { width: right, height: bottom }
  return { width: Math.max(screen.width, right), height: Math.max(screen.height, bottom) }
}

const MONITORS = [
  [640, 480],
  [640, 512],
  [800, 600],
  [1024, 768],
  [1280, 1024],
  [1600, 1200],
] as const

function frameAt(bytes: Uint8Array, at: number, globalPalette: Palette): Omit<GifFrame, 'transparentIndex'> {
  if (bytes[at] === TRAILER) throw undecodable('The GIF has no frame.')
  if (at + DESCRIPTOR_BYTES > bytes.length) {
    throw undecodable('The GIF is incomplete: it ends before its first frame.')
  }
  if (bytes[at] !== IMAGE) throw undecodable('The GIF is damaged before its first frame.')
  const flags = bytes[at + 9] ?? 0
  const ownPalette = paletteAt(bytes, at + DESCRIPTOR_BYTES, flags)
  const palette = ownPalette.entries > 0 ? ownPalette : globalPalette
  const codesAt = at + DESCRIPTOR_BYTES + 3 * ownPalette.entries
  const minCodeSize = bytes[codesAt]
  if (minCodeSize === undefined) throw undecodable('The GIF is incomplete: its first frame has no data.')
  // Outside these, decoders disagree (1), or the indices do not fit into the bytes that they are (9 and more).
  if (minCodeSize < 2 || minCodeSize > 8) throw undecodable('The GIF has a bad code size.')
  return {
    left: uint16(bytes, at + 1),
    top: uint16(bytes, at + 3),
    width: uint16(bytes, at + 5),
    height: uint16(bytes, at + 7),
    interlaced: (flags & 0x40) !== 0,
    paletteOffset: palette.offset,
    paletteEntries: palette.entries,
    minCodeSize,
    dataOffset: codesAt + 1,
  }
}

/** Of screen and frame alike: bit 7 of the flags says that there is one, bits 0 to 2 its size. */
function paletteAt(bytes: Uint8Array, offset: number, flags: number): Palette {
  if ((flags & 0x80) === 0) return NO_PALETTE
  const entries = 2 << (flags & 7)
  if (offset + 3 * entries > bytes.length) throw undecodable('The GIF ends within its palette.')
  return { offset, entries }
}

/** From a graphic control extension: label, length (4), flags (bit 0: there is one), delay (2), index. */
function transparentIndexAt(bytes: Uint8Array, at: number): number | undefined {
  const isControl = bytes[at + 1] === GRAPHIC_CONTROL && (bytes[at + 2] ?? 0) >= 4
  return isControl && ((bytes[at + 3] ?? 0) & 1) !== 0 ? bytes[at + 6] : undefined
}

/** Image descriptors from here on, at most `limit`. Whatever is no block ends the count, as the trailer does. */
function countFrames(bytes: Uint8Array, from: number, limit: number): number {
  let frames = 0
  let at: number | undefined = from
  while (at !== undefined && frames < limit) {
    if (bytes[at] === EXTENSION) {
      at = endOfSubBlocks(bytes, at + 2)
    } else if (bytes[at] === IMAGE && at + DESCRIPTOR_BYTES <= bytes.length) {
      frames++
      const flags = bytes[at + 9] ?? 0
      const paletteBytes = (flags & 0x80) === 0 ? 0 : 3 * (2 << (flags & 7))
      at = endOfSubBlocks(bytes, at + DESCRIPTOR_BYTES + paletteBytes + 1)
    } else {
      return frames
    }
  }
  return frames
}

/** Each sub-block is its length (1 byte) and as many bytes; one of 0 is the last. Undefined if the file ends before it. */
function endOfSubBlocks(bytes: Uint8Array, from: number): number | undefined {
  for (let at = from; at < bytes.length; ) {
    const length = bytes[at] ?? 0
    at += 1 + length
    if (length === 0) return at
  }
  return undefined
}

function uint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8)
}
