import { NotPublicError } from './public-lookup.ts'

/**
 * A name that does not resolve and one that resolves to private addresses are told in the same words, and tried again in the same way:
 * whoever asks for webhooks must not learn from them which names a private network has.
 */
const NO_PUBLIC_ADDRESS = 'its host has no public address'
const UNREACHABLE = 'it could not be reached'
const BAD_CERTIFICATE = 'its TLS certificate is not valid'

const REASONS: Record<string, string> = {
  ENOTFOUND: NO_PUBLIC_ADDRESS,
  EAI_AGAIN: NO_PUBLIC_ADDRESS,
  EAI_NODATA: NO_PUBLIC_ADDRESS,
  ENODATA: NO_PUBLIC_ADDRESS,
  ECONNREFUSED: 'it refused the connection',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_HEADERS_OVERFLOW: 'its answer is not HTTP that can be read',
  DEPTH_ZERO_SELF_SIGNED_CERT: BAD_CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: BAD_CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: BAD_CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: BAD_CERTIFICATE,
  CERT_HAS_EXPIRED: BAD_CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: BAD_CERTIFICATE,
}

/** Why a request got no answer, in our words: errors of sockets hold addresses. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof AggregateError ? error.errors[0] : error
  if (cause instanceof NotPublicError) return NO_PUBLIC_ADDRESS
  const { code = '' } = cause as NodeJS.ErrnoException
  return REASONS[code] ?? (code.startsWith('HPE_') ? 'its answer is not HTTP that can be read' : UNREACHABLE)
}
