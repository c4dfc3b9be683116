/** File types that photos come in and that are told apart by their first bytes, most common first. */
export const IMAGE_TYPES = [
  'jpeg',
  'png',
  'webp',
  'gif',
  'avif',
  'heic',
  'tiff',
  'jxl',
  'jp2',
  'bmp',
] as const
export type ImageType = (typeof IMAGE_TYPES)[number]

/** As people write them. */
export const IMAGE_TYPE_NAMES: Readonly<Record<ImageType, string>> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  avif: 'AVIF',
  heic: 'HEIC',
  tiff: 'TIFF',
  jxl: 'JPEG XL',
  jp2: 'JPEG 2000',
  bmp: 'BMP',
}
