/** What a photo may cost to decode. Every limit is checked against the file's header, before anything is allocated. */
export interface ImageLimits {
  /** Largest width x height, per format, in pixels of the stored image. */
  readonly maxPixels: {
    readonly jpeg: number
    readonly png: number
    readonly webp: number
    readonly webpLossless: number
    readonly gif: number
  }
  /**
   * Most bytes of DCT coefficients a JPEG decoder may have to hold at once. Progressive files, and sequential ones with
   * a scan per component, cannot be decoded row by row: all coefficients of the full-size photo stay in memory.
   */
  readonly maxCoefficientBytes: number
  /** Most scans in such a JPEG. */
  readonly maxScans: number
  /** Its scans times its coefficients, in bytes: each scan walks them all again, so that a small file can cost minutes. */
  readonly maxScanBytes: number
  /** Most pixels (4 bytes each) a JPEG may have after decoding at reduced size; only very elongated photos get there. */
  readonly maxDecodedPixels: number
  /** Most frames in a GIF. Only the first is decoded, but all are walked past. */
  readonly maxFrames: number
}

/**
 * For an isolate of 128 MB and uploads of up to about 10 MB. Each decoder keeps the memory that its largest photo took, so
 * that the limits also bound what they hold together. Seen at most: baseline JPEG of 49 MP 10 MB (it is decoded at reduced
 * size), progressive JPEG of 12 MP 42 MB, interlaced PNG of 4 MP 17 MB, lossy WebP of 6 MP 30 MB, lossless WebP of 6 MP 70 MB.
 * `maxCoefficientBytes` admits a progressive photo of 12 MP at 4:2:0 (36 MB), not at 4:4:4 (72 MB).
 * libjpeg's own progressive script writes 10 scans; at 12 MP, `maxScanBytes` leaves room for 16.
 */
export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  maxPixels: { jpeg: 50_000_000, png: 4_000_000, webp: 6_000_000, webpLossless: 4_000_000, gif: 4_000_000 },
  maxCoefficientBytes: 48 * 1024 * 1024,
  maxScans: 64,
  maxScanBytes: 600_000_000,
  maxDecodedPixels: 8_000_000,
  maxFrames: 1000,
}
