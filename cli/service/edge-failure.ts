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
    case 'model-required':
      return new UserError(`${host} says ${code}: ${detail.replaceAll('?model=', '--model')}`)
    case 'unauthorized':
      return new UserError(
        hasKey
          ? `${host} does not take this API key; edgebatch keys list shows those that there are`
          : `${host} asks for an API key: set EDGEBATCH_API_KEY; edgebatch keys create makes one`,
      )
    default:
      return retryable
        ? new UnavailableError(refusalText(error, host))
        : new UserError(`${host} says ${code}: ${detail}`)
  }
}

/** Why a request that may do later was not answered, on one line, without what to do about it. */
export function causeOf(error: EdgebatchError, host: string): string {
  if (error.code === 'unreachable') return unreachableText(host, error.cause)
  if (error.code === 'unexpected-answer') return unexpectedText(host, error.status)
  return `${host} says ${error.code}: ${error.title ?? error.detail}`
}

/** With all that an operator may ask for. */
function refusalText({ code, title, detail, requestId }: EdgebatchError, host: string): string {
  const what = title === undefined ? detail : `${title}. ${detail}`
  return `${host} says ${code}: ${what}${requestId === undefined ? '' : ` (request ${requestId})`}`
}

export function cannotReach(host: string, cause: unknown): UnavailableError {
  return new UnavailableError(
    `${unreachableText(host, cause)}; start it (edgebatch start), or correct EDGEBATCH_URL`,
  )
}

function unreachableText(host: string, cause: unknown): string {
  // fetch says only that it failed; its cause says why.
  const reason = cause instanceof Error ? (cause.cause ?? cause) : cause
  const code = (reason as { code?: unknown } | undefined)?.code
  return `cannot reach the edge at ${host}: ${reasonOf(reason) || String(code ?? 'no answer')}`
}

export function unexpected(host: string, status: number): UserError {
  const what = unexpectedText(host, status)
  if (PASSING_STATUSES.includes(status)) return new UnavailableError(`${what}; try again later`)
  if (status >= 300 && status < 400)
    return new UserError(`${what}: it sends callers elsewhere; set EDGEBATCH_URL to where`)
  return new UserError(`${what}; correct EDGEBATCH_URL`)
}

function unexpectedText(host: string, status: number): string {
  return `what answers at ${host} is no edge of edgebatch (HTTP ${status})`
}
