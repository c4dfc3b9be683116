import { ProblemError } from '../shared/errors.ts'

/** The field of a multipart form that holds the photo, as in the Keras tutorial. */
const FIELD = 'image'

/**
 * The photo's bytes: the file in the multipart field `image`, or else the body as it is. What they are is for the
 * magic bytes to say, whatever Content-Type claims. Throws ProblemError.
 */
export async function photoInBody(
  body: Uint8Array<ArrayBuffer>,
  contentType: string | null,
): Promise<Uint8Array> {
  if (contentType === null || !/^multipart\/form-data\b/i.test(contentType)) {
    if (body.length > 0) return body
    throw new ProblemError('missing-image', `Send the photo as multipart field "${FIELD}" or as the body.`)
  }
  const files = (await parseForm(body, contentType)).getAll(FIELD)
  const [file] = files
  if (file === undefined) throw new ProblemError('missing-image', `The form has no field "${FIELD}".`)
  if (typeof file === 'string') {
    throw new ProblemError(
      'missing-image',
      `Field "${FIELD}" holds text, not a file. With curl: -F ${FIELD}=@photo.jpg`,
    )
  }
  if (files.length > 1) throw new ProblemError('invalid-request', `Send one "${FIELD}" a request.`)
  if (file.size === 0) throw new ProblemError('empty-image', `The file in field "${FIELD}" has no bytes.`)
  return new Uint8Array(await file.arrayBuffer())
}

async function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { 'content-type': contentType } }).formData()
  } catch (error) {
    throw new ProblemError('invalid-request', 'The multipart body cannot be parsed.', { cause: error })
  }
}
