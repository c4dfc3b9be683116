import type { AcceptedImageType } from './accepted-types.ts'

/** What a photo may cost to decode. Every limit is checked against the file's header, before anything is allocated. */
export interface ImageLimits {
  /** Largest width x height of the stored image: what decoding may cost in time. */
  readonly maxPixels: Readonly<Record<AcceptedImageType, number>>
  /** Most bytes of memory a decoder may take for one image, as `decoderBytes` computes it. */
  readonly maxDecoderBytes: Readonly<Record<AcceptedImageType, number>>
  /** Longest side, in pixels: the resizer holds rows. */
  readonly maxSide: number
  /** Most frames in a GIF or WebP. Only the first is decoded, but all are walked past. */
  readonly maxFrames: number
  /** Most scans in a JPEG whose coefficients must be held, as progressive ones' must. */
  readonly maxScans: number
  /** Its scans times its coefficients, in bytes: each scan walks them all again, so that a small file can cost minutes. */
  readonly maxScanBytes: number
}

const MIB = 1024 * 1024

/**
 * For an isolate of 128 MB, half a second of CPU a photo, and uploads of up to 10 MiB. Each decoder keeps the memory that
 * its largest image took, so that what they may take adds up: 38 MiB for JPEG, 8 for PNG, 28 for WebP (a hostile one goes
 * beyond its estimate, up to there), 2 for the resizer; and for GIF 6, while it is decoded. Beside it there is room for an upload.
 *
 * A progressive JPEG of 12 MP at 4:2:0 fits (36 MB of coefficients), at 4:4:4 it does not. Baseline JPEG, lossy WebP and
 * PNG are decoded row by row, and limited by their pixels only; interlaced PNG to 1.9 MP, lossless WebP to some 3 MP, by
 * memory. libjpeg's own progressive script writes 10 scans; at 12 MP, `maxScanBytes` leaves room for 16.
 */
export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  maxPixels: { jpeg: 50_000_000, png: 16_000_000, webp: 16_000_000, gif: 8_000_000 },
  maxDecoderBytes: { jpeg: 38 * MIB, png: 8 * MIB, webp: 18 * MIB, gif: 6 * MIB },
  maxSide: 65_535,
  maxFrames: 1_000,
  maxScans: 64,
  maxScanBytes: 600_000_000,
}
