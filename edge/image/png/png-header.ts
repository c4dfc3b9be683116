import { undecodable } from '../../../shared/image-problems.ts'
import type { Orientation } from '../../../shared/orientation.ts'
import { readExifOrientation } from '../exif-orientation.ts'

export type PngColourType = 0 | 2 | 3 | 4 | 6

/** Offsets in the file, `end` exclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface PngHeader {
  readonly type: 'png'
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
  /** Bits a sample: 1, 2, 4, 8 or 16, as far as the colour type allows. */
  readonly bitDepth: number
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colourType: PngColourType
  /** Adam7: no row is known before nearly all of the file is decoded. */
  readonly interlaced: boolean
  /** The data of PLTE where the colour type is 3: 1 to 256 colours of 3 bytes. */
  readonly palette: ByteRange | undefined
  /**
   * The data of tRNS where it counts: alpha of a palette's first colours, or the one colour that is transparent, 2 bytes a
   * channel. One of a wrong length, or in front of the palette, is ignored, as libpng does.
   */
  readonly transparency: ByteRange | undefined
  /** The IDAT chunks, with their frames and without gaps. What comes after a gap is no part of the picture. */
  readonly pixels: ByteRange
}

const SIGNATURE_BYTES = 8
/** A chunk is length (4), name (4), data, checksum (4). */
export const CHUNK_FRAME_BYTES = 12
const IHDR = 0x49484452
const PLTE = 0x504c5445
const TRNS = 0x74524e53
const IDAT = 0x49444154
const EXIF = 0x65584966
const IEND = 0x49454e44

/** PNG 3rd ed., table 12. */
const BIT_DEPTHS: Record<PngColourType, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/**
 * IHDR, which must come first, and where the chunks lie that a decoder needs. Walks all chunks: a file without its end is
 * refused here, before anything is decoded. Checksums are not looked at.
 * Throws ProblemError 'undecodable-image'.
 */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const ihdr = SIGNATURE_BYTES
  if (view.byteLength < ihdr + CHUNK_FRAME_BYTES + 13) throw undecodable('The PNG ends within its header.')
  if (view.getUint32(ihdr) !== 13 || view.getUint32(ihdr + 4) !== IHDR) {
    throw undecodable('The PNG does not start with a header chunk.')
  }
  const kind = pictureKind(view.getUint8(ihdr + 16), view.getUint8(ihdr + 17))
  const interlace = view.getUint8(ihdr + 20)
  if (view.getUint16(ihdr + 18) !== 0 || interlace > 1) throw undecodable('The PNG is of an unknown kind.')
  const { pixels, palette, transparency, orientation } = findChunks(bytes, view)
  if (pixels === undefined) throw undecodable('The PNG holds no picture.')
  return {
    type: 'png',
    width: view.getUint32(ihdr + 8),
    height: view.getUint32(ihdr + 12),
    orientation: orientation ?? 1,
    ...kind,
    interlaced: interlace === 1,
    ...colours(kind.colourType, palette, transparency),
    pixels,
  }
}

function pictureKind(bitDepth: number, colourType: number): { bitDepth: number; colourType: PngColourType } {
  const known =
    colourType === 0 || colourType === 2 || colourType === 3 || colourType === 4 || colourType === 6
  if (!known || !BIT_DEPTHS[colourType].includes(bitDepth)) {
    throw undecodable('The PNG has a colour type or bit depth that there is not.')
  }
  return { bitDepth, colourType }
}

interface Chunks {
  orientation?: Orientation
  palette?: ByteRange
  transparency?: ByteRange
  pixels?: ByteRange
}

/** The first of each kind. PLTE and tRNS count before the pixels only; eXIf may stand on either side. */
function findChunks(bytes: Uint8Array, view: DataView): Readonly<Chunks> {
  const found: Chunks = {}
  for (let at = SIGNATURE_BYTES; at + CHUNK_FRAME_BYTES <= view.byteLength; ) {
    const length = view.getUint32(at)
    const name = view.getUint32(at + 4)
    const data = { start: at + 8, end: at + 8 + length }
    const next = at + CHUNK_FRAME_BYTES + length
    if (name === IEND) return found
    if (name === IDAT) found.pixels = joined(found.pixels, { start: at, end: next })
    else if (name === EXIF) found.orientation ??= readExifOrientation(bytes.subarray(data.start, data.end))
    else if (name === PLTE && found.pixels === undefined) found.palette ??= data
    else if (name === TRNS && found.pixels === undefined) found.transparency ??= data
    at = next
  }
  throw undecodable('The PNG is incomplete: its end is missing.')
}

function joined(run: ByteRange | undefined, chunk: ByteRange): ByteRange {
  if (run === undefined) return chunk
  return run.end === chunk.start ? { start: run.start, end: chunk.end } : run
}

function colours(
  colourType: PngColourType,
  palette: ByteRange | undefined,
  transparency: ByteRange | undefined,
): Pick<PngHeader, 'palette' | 'transparency'> {
  const keyBytes = transparency === undefined ? 0 : transparency.end - transparency.start
  if (colourType !== 3) {
    const fits = keyBytes === (colourType === 0 ? 2 : colourType === 2 ? 6 : -1)
    return { palette: undefined, transparency: fits ? transparency : undefined }
  }
  const paletteBytes = palette === undefined ? 0 : palette.end - palette.start
  if (palette === undefined || paletteBytes === 0 || paletteBytes % 3 !== 0 || paletteBytes > 256 * 3) {
    throw undecodable('The PNG lacks a valid palette.')
  }
  const fits = keyBytes * 3 <= paletteBytes && (transparency?.start ?? 0) > palette.start
  return { palette, transparency: fits ? transparency : undefined }
}
