import { ProblemError } from '../../shared/errors.ts'
import { IMAGE_TYPE_NAMES, type ImageType } from '../../shared/image-type.ts'
import { hasMagic, sniffImageType } from '../../shared/sniff-image-type.ts'

/** The types that are decoded here. */
export type AcceptedImageType = 'jpeg' | 'png' | 'webp' | 'gif'

/** Files that are sent for photos and are not among our types. Only told apart to give a helpful answer. */
const OTHERS: readonly (readonly [name: string, magic: string])[] = [
  ['PDF', '%PDF-'],
  ['Photoshop', '8BPS'],
]

/** An SVG has no magic bytes: its root element comes after an optional declaration, comments and a doctype. */
const SVG_SEARCH_BYTES = 1024

/**
 * The image's type by its first bytes; headers and file names are not asked.
 * Throws ProblemError 'empty-image' for 0 bytes, 'unsupported-image' for everything but JPEG, PNG, WebP and GIF.
 */
export function acceptedImageType(bytes: Uint8Array): AcceptedImageType {
  if (bytes.length === 0) throw new ProblemError('empty-image', 'The image has 0 bytes.')
  const type = sniffImageType(bytes)
  if (type !== undefined && isAccepted(type)) return type
  const name = type === undefined ? otherName(bytes) : IMAGE_TYPE_NAMES[type]
  throw new ProblemError(
    'unsupported-image',
    name === undefined
      ? 'These bytes are not a JPEG, PNG, WebP or GIF image.'
      : `${name} is not supported; send JPEG, PNG, WebP or GIF.`,
  )
}

/** Whether files of this type are decoded here. */
export function isAccepted(type: ImageType): type is AcceptedImageType {
  return type === 'jpeg' || type === 'png' || type === 'webp' || type === 'gif'
}

function otherName(bytes: Uint8Array): string | undefined {
  const known = OTHERS.find(([, magic]) => hasMagic(bytes, 0, magic))
  if (known !== undefined) return known[0]
  const start = new TextDecoder().decode(bytes.subarray(0, SVG_SEARCH_BYTES))
  return /^\s*</.test(start) && /<svg[\s>]/i.test(start) ? 'SVG' : undefined
}
