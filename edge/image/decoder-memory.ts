import type { ImageHeader } from './image-header.ts'
import { coefficientBytes } from './jpeg-coefficients.ts'
import { pngDecoderBytes } from './png-memory.ts'
import { webpDecoderBytes } from './webp-memory.ts'

/** libjpeg's tables, a strip of rows and the stack. */
const JPEG_OVERHEAD_BYTES = 1024 * 1024

/**
 * Bytes of memory that decoding takes, told from the header. For JPEG, PNG and GIF it is what they
 * take at most; a hostile WebP can take more by its code tables, up to the 64 MiB that its decoder's memory ends at.
 */
export function decoderBytes(header: ImageHeader): number {
  switch (header.type) {
    case 'jpeg':
      return JPEG_OVERHEAD_BYTES + (header.buffered ? coefficientBytes(header) : 0)
    case 'png':
      return pngDecoderBytes(header)
    case 'webp':
      return webpDecoderBytes(header)
    case 'gif':
      return header.frame.width * header.frame.height
  }
}
