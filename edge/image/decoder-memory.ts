import type { ImageHeader } from './image-header.ts'
import { coefficientBytes } from './jpeg/jpeg-coefficients.ts'
import { pngDecoderBytes } from './png/png-memory.ts'
import { webpDecoderBytes } from './webp/webp-memory.ts'

/** libjpeg's tables, a piece of the file and the stack. */
const JPEG_OVERHEAD_BYTES = 1024 * 1024
/** Rows of samples and a strip of pixels, for each column of the photo: seen at most, at full size and odd sampling. */
const JPEG_BYTES_A_COLUMN = 96
/** For each byte of coefficients: a bit for each coefficient, where a progressive photo's are refined. */
const JPEG_COEFFICIENT_BYTES = 1 + 1 / 16

/**
 * Bytes of memory that decoding takes, told from the header. For JPEG, PNG and GIF it is what they
 * take at most; a hostile WebP can take more by its code tables, up to the 28 MiB that its decoder's memory ends at.
 */
export function decoderBytes(header: ImageHeader): number {
  switch (header.type) {
    case 'jpeg':
      return (
        JPEG_OVERHEAD_BYTES +
        JPEG_BYTES_A_COLUMN * header.width +
        (header.buffered ? JPEG_COEFFICIENT_BYTES * coefficientBytes(header) : 0)
      )
    case 'png':
      return pngDecoderBytes(header)
    case 'webp':
      return webpDecoderBytes(header)
    case 'gif':
      return header.frame.width * header.frame.height
  }
}
