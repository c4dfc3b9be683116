import { ProblemError } from '../../../shared/errors.ts'
import { undecodable } from '../../../shared/image-problems.ts'
import type { Orientation } from '../../../shared/orientation.ts'
import { hasExifPrefix, readExifOrientation } from '../exif-orientation.ts'

export interface JpegComponent {
  /** Sampling factors, 1 to 4: this component's share of the photo's largest. */
  readonly horizontal: number
  readonly vertical: number
}

export interface JpegHeader {
  readonly type: 'jpeg'
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
  readonly components: readonly JpegComponent[]
  /** Whether the decoder must hold all coefficients: progressive, or not all components in the first scan. */
  readonly buffered: boolean
  /** Where the first scan's header (its length field) starts. */
  readonly scanOffset: number
}

type Frame = Pick<JpegHeader, 'width' | 'height' | 'components'> & { readonly progressive: boolean }

const SOF0_BASELINE = 0xc0
const SOF1_EXTENDED = 0xc1
const SOF2_PROGRESSIVE = 0xc2
const SOS = 0xda
const APP1 = 0xe1

/**
 * Walks the markers up to the first scan, in the way libjpeg does (bytes between segments are skipped), and takes the
 * first frame header. The decoder refuses a second one. Sides may still be 0.
 * Throws ProblemError 'undecodable-image', or 'unsupported-image' for arithmetic, lossless and 12-bit JPEG.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader {
  let frame: Frame | undefined
  let orientation: Orientation | undefined
  let offset = 2
  for (;;) {
    const marker = nextMarker(bytes, offset)
    const segment = segmentAt(bytes, marker.end)
    if (isFrame(marker.code)) frame ??= readFrame(marker.code, segment)
    if (marker.code === APP1 && hasExifPrefix(segment)) orientation ??= readExifOrientation(segment)
    if (marker.code === SOS) {
      if (frame === undefined) throw undecodable('The JPEG has no frame header before its first scan.')
      const { progressive, ...sides } = frame
      const buffered = progressive || (segment[0] ?? 0) < frame.components.length
      return {
        type: 'jpeg',
        ...sides,
        orientation: orientation ?? 1,
        buffered,
        scanOffset: marker.end,
      }
    }
    offset = marker.end + 2 + segment.length
  }
}

/** The next marker that starts a segment; `end` is the offset after its two bytes. */
function nextMarker(bytes: Uint8Array, from: number): { code: number; end: number } {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const code = bytes[at + 1]
    if (code === undefined) break
    const standsAlone = code <= 0x01 || (code >= 0xd0 && code <= 0xd9)
    if (code !== 0xff && !standsAlone) return { code, end: at + 2 }
  }
  throw undecodable('The JPEG ends before its first scan.')
}

/** A segment's content, without its length field. */
function segmentAt(bytes: Uint8Array, offset: number): Uint8Array {
  const length = uint16(bytes, offset)
  if (length < 2 || offset + length > bytes.length) throw undecodable('The JPEG ends within its header.')
  return bytes.subarray(offset + 2, offset + length)
}

/** SOF0 to SOF15; C4, C8 and CC are other segments in the same range. */
function isFrame(code: number): boolean {
  return code >= SOF0_BASELINE && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc
}

function readFrame(code: number, segment: Uint8Array): Frame {
  if (code !== SOF0_BASELINE && code !== SOF1_EXTENDED && code !== SOF2_PROGRESSIVE) {
    throw new ProblemError(
      'unsupported-image',
      'Only baseline and progressive Huffman-coded JPEG is supported.',
    )
  }
  const [precision, count] = [segment[0], segment[5] ?? 0]
  if (precision !== 8)
    throw new ProblemError('unsupported-image', 'Only JPEG with 8 bits a sample is supported.')
  if (segment.length < 6 + 3 * count || ![1, 3, 4].includes(count))
    throw undecodable('The JPEG has a bad frame header.')
  const components = Array.from({ length: count }, (_, i) => {
    const factors = segment[6 + 3 * i + 1] ?? 0
    return { horizontal: factors >> 4, vertical: factors & 15 }
  })
  if (components.some(({ horizontal: h, vertical: v }) => h < 1 || h > 4 || v < 1 || v > 4)) {
    throw undecodable('The JPEG has bad sampling factors.')
  }
  return {
    width: uint16(segment, 3),
    height: uint16(segment, 1),
    components,
    progressive: code === SOF2_PROGRESSIVE,
  }
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}
