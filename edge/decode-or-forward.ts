import { ProblemError } from '../shared/errors.ts'
import { IMAGE_TYPES, type ImageType } from '../shared/image-type.ts'
import type { PhotoDecoder, PhotoRules } from '../shared/photo-decoder.ts'
import { sniffImageType } from '../shared/sniff-image-type.ts'
import { unsupportedImage } from './image/accepted-types.ts'
import { assertSoundHeader } from './image/image-admission.ts'

/** What becomes of photos at this edge. */
export interface PhotoIntake {
  decodePhoto: PhotoDecoder
  /** The types that `decodePhoto` takes. */
  decodedTypes: readonly ImageType[]
  /** The most bytes of a photo that travels encoded. */
  maxEncodedBytes: number
}

/** What travels to the pool: the model's input, or a photo as it was uploaded. */
export type PreparedInput =
  | { kind: 'tensor'; bytes: Uint8Array }
  | { kind: 'encoded'; type: ImageType; bytes: Uint8Array }

/**
 * Turns a photo into what travels, in the way the model's manifest wants it. Throws what `decodePhoto` throws, and
 * ProblemError 'body-too-large' for a photo that has too many bytes to travel encoded.
 */
export async function prepareInput(
  bytes: Uint8Array,
  rules: PhotoRules,
  intake: PhotoIntake,
): Promise<PreparedInput> {
  if (rules.decode.at === 'pool') return undecoded(bytes, rules, intake)
  try {
    return { kind: 'tensor', bytes: await intake.decodePhoto(bytes, rules) }
  } catch (error) {
    if (rules.decode.at === 'edge' || !isDeclined(error)) throw error
    return encodedInstead(bytes, rules, intake, error)
  }
}

/** The types of photos that are taken for a model, most common first. */
export function takenTypes(
  { decode }: Pick<PhotoRules, 'decode'>,
  { decodedTypes }: Pick<PhotoIntake, 'decodedTypes'>,
): ImageType[] {
  return IMAGE_TYPES.filter(
    (type) => decode.formats.includes(type) || (decode.at !== 'pool' && decodedTypes.includes(type)),
  )
}

/** Refused for what it is or costs. The pool could not do better with one that is damaged or empty. */
function isDeclined(error: unknown): error is ProblemError {
  return (
    error instanceof ProblemError && (error.code === 'unsupported-image' || error.code === 'image-too-large')
  )
}

function encodedInstead(
  bytes: Uint8Array,
  rules: PhotoRules,
  intake: PhotoIntake,
  declined: ProblemError,
): PreparedInput {
  const type = sniffImageType(bytes)
  if (type !== undefined && rules.decode.formats.includes(type)) return encoded(bytes, type, intake)
  // One of a type that is decoded here was declined for something else, which only the decoder can tell.
  if (type !== undefined && intake.decodedTypes.includes(type)) throw declined
  throw unsupportedImage(bytes, takenTypes(rules, intake))
}

function undecoded(bytes: Uint8Array, { decode }: PhotoRules, intake: PhotoIntake): PreparedInput {
  if (bytes.length === 0) throw new ProblemError('empty-image', 'The image has 0 bytes.')
  const type = sniffImageType(bytes)
  if (type === undefined || !decode.formats.includes(type)) throw unsupportedImage(bytes, decode.formats)
  const input = encoded(bytes, type, intake)
  assertSoundHeader(bytes)
  return input
}

function encoded(bytes: Uint8Array, type: ImageType, { maxEncodedBytes }: PhotoIntake): PreparedInput {
  if (bytes.length <= maxEncodedBytes) return { kind: 'encoded', type, bytes }
  throw new ProblemError(
    'body-too-large',
    `The image has ${bytes.length} bytes. It can only be decoded in the worker pool, and may have ${maxEncodedBytes} at most to get there.`,
  )
}
