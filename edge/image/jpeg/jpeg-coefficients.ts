import { undecodable } from '../../../shared/image-problems.ts'
import type { ImageLimits } from '../image-limits.ts'
import type { JpegHeader } from './jpeg-header.ts'

/** An 8 x 8 block is 64 coefficients of 2 bytes. */
const BLOCK_BYTES = 128

/**
 * Refuses a JPEG that is cheap to send and expensive to decode: one whose coefficients must all be held, and that walks
 * them too often. Throws ProblemError 'undecodable-image'.
 */
export function assertScansFit(bytes: Uint8Array, header: JpegHeader, limits: ImageLimits): void {
  if (!header.buffered) return
  const affordable = Math.floor(limits.maxScanBytes / coefficientBytes(header))
  const maxScans = Math.min(limits.maxScans, affordable)
  if (countScans(bytes, header.scanOffset, maxScans) > maxScans) {
    throw undecodable(`The JPEG has more than ${maxScans} scans, too many for its size.`)
  }
}

/** What libjpeg allocates for a buffered photo (jdcoefct.c): per component, its blocks padded to whole MCUs. */
export function coefficientBytes({ width, height, components }: JpegHeader): number {
  const maxHorizontal = Math.max(...components.map((component) => component.horizontal))
  const maxVertical = Math.max(...components.map((component) => component.vertical))
  const mcuColumns = Math.ceil(width / (8 * maxHorizontal))
  const mcuRows = Math.ceil(height / (8 * maxVertical))
  const blocksPerMcu = components.reduce((sum, { horizontal, vertical }) => sum + horizontal * vertical, 0)
  return mcuColumns * mcuRows * blocksPerMcu * BLOCK_BYTES
}

/** The marker that begins a scan, and the one that ends the picture. */
const SOS = 0xda
const EOI = 0xd9

/**
 * Scans from the first on, whose header's length field is at `firstScan`; stops counting above `enough`. What comes after the
 * picture (a second one, a film) does not count, nor what stands in other segments.
 */
function countScans(bytes: Uint8Array, firstScan: number, enough: number): number {
  let scans = 1
  let at = bytes.indexOf(0xff, firstScan + segmentLength(bytes, firstScan))
  while (at >= 0 && scans <= enough) {
    const code = bytes[at + 1]
    if (code === undefined || code === EOI) break
    if (code === SOS) scans++
    at = bytes.indexOf(0xff, at + (hasLength(code) ? 2 + segmentLength(bytes, at + 2) : 1))
  }
  return scans
}

/** FF 00 is a stuffed FF, FF FF fill; FF D0 to D8 and 01 stand alone. */
function hasLength(code: number): boolean {
  return code > 0x01 && code < 0xff && (code < 0xd0 || code > 0xd8)
}

function segmentLength(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}
