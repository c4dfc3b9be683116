import { EdgebatchError } from '../../client/edgebatch-error.ts'

/** Why something did not work, for people. */
export interface Problem {
  title: string
  detail: string
  /** One of the API's, or the client's. */
  code: string
  /** 0 where no answer came. */
  status: number
  /** Whether the very same may work later. */
  retryable: boolean
  /** What to quote when asking about it. */
  requestId: string | undefined
}

/** Of whatever was thrown. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof EdgebatchError)) {
    const detail = error instanceof Error ? error.message : String(error)
    return {
      title: 'This page failed',
      detail,
      code: 'page',
      status: 0,
      retryable: true,
      requestId: undefined,
    }
  }
  const { code, detail, status, retryable, requestId } = error
  return {
    title: error.title ?? TITLES[code] ?? 'The service refused',
    detail,
    code,
    status,
    retryable,
    requestId,
  }
}

/** What one does about it at this page: of the header that a key goes in, which it sends itself, it says nothing. */
export function adviceOn({ code, detail }: Problem): string {
  return code === 'unauthorized'
    ? 'Enter a key that this service knows: “API key”, at the top of this page.'
    : detail
}

const TITLES: Readonly<Record<string, string>> = {
  unreachable: 'The service cannot be reached',
  'unexpected-answer': 'Something else answered',
}
