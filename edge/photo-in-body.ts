import { ProblemError } from '../shared/errors.ts'
import { formParts } from './multipart.ts'

/** The field of a multipart form that holds the photo, as in the Keras tutorial. */
const FIELD = 'image'

/**
 * The photo's bytes, a view of the body: the file in the multipart field `image`, or else the body as it is. What they are is
 * for the magic bytes to say, whatever Content-Type claims. Throws ProblemError.
 */
export function photoInBody(body: Uint8Array, contentType: string | null): Uint8Array {
  if (contentType === null || !/^multipart\/form-data\b/i.test(contentType)) {
    if (body.length > 0) return body
    throw new ProblemError('missing-image', `Send the photo as multipart field "${FIELD}" or as the body.`)
  }
  const [file, ...others] = formParts(body, contentType).filter(({ name }) => name === FIELD)
  if (file === undefined) throw new ProblemError('missing-image', `The form has no field "${FIELD}".`)
  if (!file.isFile) {
    throw new ProblemError(
      'missing-image',
      `Field "${FIELD}" holds text, not a file. With curl: -F ${FIELD}=@photo.jpg`,
    )
  }
  if (others.length > 0) throw new ProblemError('invalid-request', `Send one "${FIELD}" a request.`)
  if (file.data.length === 0)
    throw new ProblemError('empty-image', `The file in field "${FIELD}" has no bytes.`)
  return file.data
}
