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

/** Scan headers from the first on; stops counting above `enough`. Entropy-coded bytes never hold FF DA. */
function countScans(bytes: Uint8Array, firstScan: number, enough: number): number {
  let scans = 1
  for (
    let at = bytes.indexOf(0xff, firstScan);
    at >= 0 && scans <= enough;
    at = bytes.indexOf(0xff, at + 1)
  ) {
    if (bytes[at + 1] === 0xda) scans++
  }
  return scans
}
