import type { JpegHeader } from './jpeg-header.ts'
import type { RgbxImage } from './pixels.ts'
import type { PngHeader } from './png-header.ts'
import type { WebpHeader } from './webp-header.ts'

/**
 * Decoders, handed in so that another runtime or a test can bring its own.
 *
 * `use` is called once, before `decode` returns; the image it gets may live in the decoder's memory, may be written to,
 * and is gone afterwards. The image's sides must be those of the header, or else the decoder throws. Whatever is wrong
 * with the bytes, a decoder throws ProblemError 'undecodable-image', and decodes the next photo as if nothing happened.
 */
export interface ImageCodecs {
  readonly jpeg: JpegDecoder
  readonly png: RgbaDecoder<PngHeader>
  readonly webp: RgbaDecoder<WebpHeader>
}

export interface JpegDecoder {
  /** RGB at `eighths` / 8 of the stored size, each side rounded up; `eighths` is 1 to 8. EXIF is not applied. */
  decode<T>(bytes: Uint8Array, header: JpegHeader, eighths: number, use: (image: RgbxImage) => T): T
}

export interface RgbaDecoder<Header> {
  /** 8 bits a channel, with alpha (not premultiplied) in the fourth byte. EXIF is not applied. */
  decode<T>(bytes: Uint8Array, header: Header, use: (image: RgbxImage) => T): T
}
