import { ProblemError } from '../../shared/errors.ts'
import { IMAGE_TYPE_NAMES, type ImageType } from '../../shared/image-type.ts'
import { hasMagic, sniffImageType } from '../../shared/sniff-image-type.ts'

/** The types that are decoded here. */
export const ACCEPTED_IMAGE_TYPES = ['jpeg', 'png', 'webp', 'gif'] as const satisfies readonly ImageType[]
export type AcceptedImageType = (typeof ACCEPTED_IMAGE_TYPES)[number]

/** Files that are sent for photos and are not among our types. Only told apart to give a helpful answer. */
const OTHERS: readonly (readonly [name: string, magic: string])[] = [
  ['PDF', '%PDF-'],
  ['Photoshop', '8BPS'],
]

/** An SVG has no magic bytes: its root element comes after an optional declaration, comments and a doctype. */
const SVG_SEARCH_BYTES = 1024

/**
 * The image's type by its first bytes; headers and file names are not asked.
 * Throws ProblemError 'empty-image' for 0 bytes, 'unsupported-image' for every type that is not decoded here.
 */
export function acceptedImageType(bytes: Uint8Array): AcceptedImageType {
  if (bytes.length === 0) throw new ProblemError('empty-image', 'The image has 0 bytes.')
  const type = sniffImageType(bytes)
  if (type !== undefined && isAccepted(type)) return type
  throw unsupportedImage(bytes, ACCEPTED_IMAGE_TYPES)
}

/** Whether files of this type are decoded here. */
export function isAccepted(type: ImageType): type is AcceptedImageType {
  return ACCEPTED_IMAGE_TYPES.some((accepted) => accepted === type)
}

/** Says what the bytes are, as far as that can be told, and what is taken instead. */
export function unsupportedImage(bytes: Uint8Array, taken: readonly ImageType[]): ProblemError {
  const type = sniffImageType(bytes)
  const name = type === undefined ? otherName(bytes) : IMAGE_TYPE_NAMES[type]
  const subject = name === undefined ? 'This is not an image of a type that is' : `${name} is not`
  return new ProblemError('unsupported-image', `${subject} supported; send ${listOf(taken)}.`)
}

function listOf(types: readonly ImageType[]): string {
  const names = types.map((type) => IMAGE_TYPE_NAMES[type])
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

function otherName(bytes: Uint8Array): string | undefined {
  const known = OTHERS.find(([, magic]) => hasMagic(bytes, 0, magic))
  if (known !== undefined) return known[0]
  const start = new TextDecoder().decode(bytes.subarray(0, SVG_SEARCH_BYTES))
  return /^\s*</.test(start) && /<svg[\s>]/i.test(start) ? 'SVG' : undefined
}
