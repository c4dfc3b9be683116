import type { GifHeader } from './gif/gif-header.ts'
import type { JpegHeader } from './jpeg/jpeg-header.ts'
import type { PngHeader } from './png/png-header.ts'
import type { WebpHeader } from './webp/webp-header.ts'

/** What a file says about itself before it is decoded. Sides are those of the stored image, before `orientation`. */
export type ImageHeader = JpegHeader | PngHeader | WebpHeader | GifHeader
