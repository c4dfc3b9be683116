import { ProblemError } from '../shared/errors.ts'
import { ENCODING_FORMATS, type EncodingFormat } from '../shared/job.ts'

/** Reads `?encoding_format=`, how an embedding is to be shown; numbers where nothing is said. Throws ProblemError. */
export function parseEncodingFormat(value: string | undefined): EncodingFormat {
  const format = ENCODING_FORMATS.find((known) => known === (value ?? 'float'))
  if (format) return format
  throw new ProblemError('invalid-request', `?encoding_format= takes ${ENCODING_FORMATS.join(' or ')}.`)
}
