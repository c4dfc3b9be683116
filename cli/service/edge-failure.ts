import { EdgebatchError } from '../../client/edgebatch-error.ts'
import { reasonOf, UnavailableError, UserError } from '../user-error.ts'

/** Who was asked, and whether with a key. */
export interface Asked {
  host: string
  hasKey: boolean
}

/** Of what stands between: the edge itself gives none of these without a code. */
const PASSING_STATUSES: readonly number[] = [408, 429, 502, 503, 504]

/** What the edge refused, as the user is told; any other error is as it was. */
export function asUserError(error: unknown, { host, hasKey }: Asked): unknown {
  if (!(error instanceof EdgebatchError)) return error
  const { code, detail, status, retryable } = error
  switch (code) {
    case 'unreachable':
      return cannotReach(host, error.cause)
    case 'unexpected-answer':
      return unexpected(host, status)
    case 'unauthorized':
      return new UserError(
        hasKey
          ? `${host} does not take this API key; edgebatch keys list shows those that there are`
          : `${host} asks for an API key: set EDGEBATCH_API_KEY; edgebatch keys create makes one`,
      )
    default:
      return retryable
        ? new UnavailableError(`${host} says ${code}: ${detail}`)
        : new UserError(`${host} says ${code}: ${detail}`)
  }
}

export function cannotReach(host: string, cause: unknown): UnavailableError {
  // fetch says only that it failed; its cause says why.
  const reason = cause instanceof Error ? (cause.cause ?? cause) : cause
  const code = (reason as { code?: unknown } | undefined)?.code
  const words = reasonOf(reason) || String(code ?? 'no answer')
  return new UnavailableError(
    `cannot reach the edge at ${host}: ${words}; start it (edgebatch start), or correct EDGEBATCH_URL`,
  )
}

export function unexpected(host: string, status: number): UserError {
  const what = `what answers at ${host} is no edge of edgebatch (HTTP ${status})`
  if (PASSING_STATUSES.includes(status)) return new UnavailableError(`${what}; try again later`)
  if (status >= 300 && status < 400)
    return new UserError(`${what}: it sends callers elsewhere; set EDGEBATCH_URL to where`)
  return new UserError(`${what}; correct EDGEBATCH_URL`)
}
