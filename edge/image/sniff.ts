import { ProblemError } from '../../shared/errors.ts'

export type ImageType = 'jpeg' | 'png' | 'webp' | 'gif'

/** Name, offset of the magic bytes, the bytes as Latin-1. Only told apart to give a helpful answer. */
const UNSUPPORTED: readonly (readonly [name: string, offset: number, magic: string])[] = [
  ['AVIF', 4, 'ftypavif'],
  ['AVIF', 4, 'ftypavis'],
  ['HEIC', 4, 'ftyphei'],
  ['HEIC', 4, 'ftyphev'],
  ['HEIC', 4, 'ftypmif1'],
  ['HEIC', 4, 'ftypmsf1'],
  ['TIFF', 0, 'II*\0'],
  ['TIFF', 0, 'MM\0*'],
  ['JPEG XL', 0, '\xff\x0a'],
  ['JPEG XL', 4, 'JXL \r\n\x87\n'],
  ['JPEG 2000', 4, 'jP  \r\n\x87\n'],
  ['BMP', 0, 'BM'],
  ['PDF', 0, '%PDF-'],
  ['Photoshop', 0, '8BPS'],
]

/** An SVG has no magic bytes: its root element comes after an optional declaration, comments and a doctype. */
const SVG_SEARCH_BYTES = 1024

/**
 * The image's type by its first bytes; headers and file names are not asked.
 * Throws ProblemError 'empty-image' for 0 bytes, 'unsupported-image' for everything but JPEG, PNG, WebP and GIF.
 */
export function sniffImageType(bytes: Uint8Array): ImageType {
  if (bytes.length === 0) throw new ProblemError('empty-image', 'The image has 0 bytes.')
  if (hasMagic(bytes, 0, '\xff\xd8\xff')) return 'jpeg'
  if (hasMagic(bytes, 0, '\x89PNG\r\n\x1a\n')) return 'png'
  if (hasMagic(bytes, 0, 'RIFF') && hasMagic(bytes, 8, 'WEBP')) return 'webp'
  if (hasMagic(bytes, 0, 'GIF87a') || hasMagic(bytes, 0, 'GIF89a')) return 'gif'
  const name = unsupportedName(bytes)
  throw new ProblemError(
    'unsupported-image',
    name === undefined
      ? 'These bytes are not a JPEG, PNG, WebP or GIF image.'
      : `${name} is not supported; send JPEG, PNG, WebP or GIF.`,
  )
}

function unsupportedName(bytes: Uint8Array): string | undefined {
  const known = UNSUPPORTED.find(([, offset, magic]) => hasMagic(bytes, offset, magic))
  if (known !== undefined) return known[0]
  const start = new TextDecoder().decode(bytes.subarray(0, SVG_SEARCH_BYTES))
  return /^\s*</.test(start) && /<svg[\s>]/i.test(start) ? 'SVG' : undefined
}

function hasMagic(bytes: Uint8Array, offset: number, magic: string): boolean {
  if (bytes.length < offset + magic.length) return false
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false
  }
  return true
}
