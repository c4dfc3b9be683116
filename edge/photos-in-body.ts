import { fromBase64Into } from '../shared/base64.ts'
import { ProblemError } from '../shared/errors.ts'
import type { WebhookEvent } from '../shared/webhook.ts'
import { type FormPart, formParts } from './multipart.ts'
import { parsePredictBody, parseWebhookFields } from './predict-body.ts'

/**
 * What a call brings: one photo; or a batch of at least one, in order, each its bytes or why there are none. A list that might have held
 * several is a batch. Bytes are views of the body.
 */
export type UploadedPhotos = OneOrMany & {
  /** As it came: whether it may be called is not looked at here. */
  webhookUrl: string | undefined
  webhookEvents: WebhookEvent[] | undefined
}

type OneOrMany =
  | { isBatch: false; photos: [Uint8Array] }
  | { isBatch: true; photos: (Uint8Array | ProblemError)[] }

/** The field of a multipart form that holds a photo, as in the Keras tutorial. */
const FIELD = 'image'

/**
 * The photos in a body: the files in the multipart fields `image`, base64 in JSON, or else the body as it is. What they are is for the
 * magic bytes to say, whatever Content-Type claims. The body is given away: photos in JSON are decoded into its own memory, so that
 * they take none beside it. Throws ProblemError.
 */
export function photosInBody(
  body: Uint8Array,
  contentType: string | null,
  maxImages: number,
): UploadedPhotos {
  const type = contentType ?? ''
  if (/^multipart\/form-data\b/i.test(type)) return photosInForm(formParts(body, type), maxImages)
  if (body.length === 0) throw new ProblemError('missing-image', whyNothingCame(type))
  if (/^application\/json\b/i.test(type)) return photosInJson(body, maxImages)
  return { photos: [body], isBatch: false, webhookUrl: undefined, webhookEvents: undefined }
}

/** A file without bytes comes as no body at all: its type tells that there was one. */
function whyNothingCame(type: string): string {
  if (/^(image\/|application\/octet-stream\b)/i.test(type))
    return 'The image is empty: the body that should hold it has no bytes.'
  return `Send the photo as multipart field "${FIELD}" or as the body.`
}

function photosInForm(parts: readonly FormPart[], maxImages: number): UploadedPhotos {
  const files = parts.filter(({ name }) => name === FIELD)
  if (files.length === 0) throw new ProblemError('missing-image', `The form has no field "${FIELD}".`)
  if (files.some(({ isFile }) => !isFile)) {
    throw new ProblemError(
      'missing-image',
      `Field "${FIELD}" holds text, not a file. With curl: -F ${FIELD}=@photo.jpg`,
    )
  }
  assertNotTooMany(files.length, maxImages)
  const photos = files.map(({ data }) =>
    data.length > 0
      ? data
      : new ProblemError('empty-image', `The file in field "${FIELD}" is empty: it has no bytes.`),
  )
  return {
    ...oneOrMany(photos, files.length > 1),
    ...parseWebhookFields(textIn(parts, 'webhook_url'), textIn(parts, 'webhook_events')),
  }
}

/** As with files, an empty field is one that was not filled in. */
function textIn(parts: readonly FormPart[], field: string): string | undefined {
  const [part, ...others] = parts.filter(({ name }) => name === field)
  if (others.length > 0) throw new ProblemError('invalid-request', `Send one "${field}" a request.`)
  return part === undefined ? undefined : new TextDecoder().decode(part.data).trim() || undefined
}

function photosInJson(body: Uint8Array, maxImages: number): UploadedPhotos {
  const { image, images, webhook_url: webhookUrl, webhook_events: webhookEvents } = parsePredictBody(body)
  const texts = images ?? (image === undefined ? [] : [image])
  assertNotTooMany(texts.length, maxImages)
  let free = body
  const photos = texts.map((text, i) => {
    const photo = decoded(text, free, images ? `images[${i}]` : 'image')
    if (photo instanceof Uint8Array) free = free.subarray(photo.length)
    return photo
  })
  return { ...oneOrMany(photos, images !== undefined), webhookUrl, webhookEvents }
}

const DATA_URL = /^data:[^,]{0,200},/i

/** Decoded to the beginning of `place`: what base64 stands for is shorter than itself, and than the JSON that it stood in. */
function decoded(text: string, place: Uint8Array, field: string): Uint8Array | ProblemError {
  const [prefix = ''] = DATA_URL.exec(text) ?? []
  if (prefix && !/;\s*base64\s*,$/i.test(prefix))
    return new ProblemError(
      'invalid-request',
      `The data: URL in "${field}" does not say that it holds base64.`,
    )
  const length = fromBase64Into(place, text.slice(prefix.length))
  if (length === undefined) return new ProblemError('invalid-request', `What "${field}" holds is no base64.`)
  if (length === 0) return new ProblemError('empty-image', `The image in "${field}" has no bytes.`)
  return place.subarray(0, length)
}

/** Of one photo alone, its problem is the call's. */
function oneOrMany(photos: (Uint8Array | ProblemError)[], isBatch: boolean): OneOrMany {
  const [photo] = photos
  if (isBatch || !photo) return { isBatch: true, photos }
  if (photo instanceof ProblemError) throw photo
  return { isBatch: false, photos: [photo] }
}

function assertNotTooMany(images: number, maxImages: number): void {
  if (images <= maxImages) return
  throw new ProblemError(
    'invalid-request',
    `A request may have ${maxImages} images at most; send several requests.`,
  )
}
