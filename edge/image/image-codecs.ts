import type { Resize } from '../../shared/model-manifest.ts'
import type { PhotoRules } from '../../shared/photo-decoder.ts'
import type { Picture, RgbTile, RowSink } from '../../shared/pixels.ts'
import type { ResizePlan } from '../../shared/resize-plan.ts'
import type { GifHeader } from './gif/gif-header.ts'
import type { JpegHeader } from './jpeg/jpeg-header.ts'
import type { JpegScale } from './jpeg/jpeg-scale.ts'
import type { PngHeader } from './png/png-header.ts'
import type { WebpHeader } from './webp/webp-header.ts'

/**
 * Decoders and the resizer, handed in so that a test can bring its own.
 *
 * A decoder hands all rows of the picture to `sink` before `decode` returns: as many, and as wide, as its header says, or else
 * it throws. EXIF orientation is not applied. Whatever is wrong with the bytes, it throws ProblemError
 * 'undecodable-image', and decodes the next photo as if nothing happened.
 */
export interface ImageCodecs {
  readonly jpeg: JpegDecoder
  readonly png: RgbaDecoder<PngHeader>
  readonly webp: RgbaDecoder<WebpHeader>
  /** The first frame. */
  readonly gif: RgbaDecoder<GifHeader>
  readonly resizer: PictureResizer
}

export interface JpegDecoder {
  /** At `eighths` / 8 of the stored size, each side rounded up. The fourth byte means nothing. */
  decode(
    bytes: Uint8Array,
    header: JpegHeader,
    eighths: JpegScale,
    truncated: PhotoRules['decode']['truncated'],
    sink: RowSink,
  ): void
}

export interface RgbaDecoder<Header> {
  /** 8 bits a channel, alpha (not premultiplied) in the fourth byte. */
  decode(bytes: Uint8Array, header: Header, sink: RowSink): void
}

export interface PictureResizer {
  /**
   * What `plan` wants of a picture, still as stored, transparency on black. `decode` is called once, and hands the
   * picture's rows to the sink it is given; ProblemError 'undecodable-image' if they are not as many as it has.
   */
  resample(
    picture: Picture,
    plan: ResizePlan,
    kernel: Resize['kernel'],
    decode: (sink: RowSink) => void,
  ): RgbTile
}
