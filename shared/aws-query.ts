import { clockSkewHint } from './clock-skew.ts'

/** Signs requests with a key of AWS (Signature Version 4): aws4fetch's AwsClient. */
export interface AwsSigner {
  sign(url: string, init: RequestInit): Promise<Request>
}

export interface AwsQuery {
  /** Of the service, e.g. `https://monitoring.eu-central-1.amazonaws.com`. */
  endpoint: string
  parameters: Readonly<Record<string, string>>
  /** What this machine takes for now, ms since the epoch. */
  nowMs: number
  timeoutMs: number
}

/** AWS refused, or did not answer. `message` holds no keys, tokens or signatures. */
export class AwsQueryError extends Error {
  override readonly name = 'AwsQueryError'
  /** AWS' own, e.g. `AccessDenied`; undefined where no answer came that has one. */
  readonly code: string | undefined

  constructor(message: string, code?: string) {
    super(message)
    this.code = code
  }
}

/** Codes whose explanation is for people. That of a wrong signature quotes the request, with the session's token. */
const EXPLAINED = /^(AccessDenied|ValidationError|InvalidParameter|MissingParameter|Throttling)/
const EXPLANATION_LENGTH = 200

/** One call of AWS' Query protocol. Throws AwsQueryError. */
export async function queryAws(
  signer: AwsSigner,
  { endpoint, parameters, nowMs, timeoutMs }: AwsQuery,
): Promise<void> {
  const request = await signer.sign(`${endpoint}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams(parameters).toString(),
  })
  const answer = await fetch(request, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    throw new AwsQueryError(
      `${parameters.Action}: no answer from ${new URL(endpoint).host} (${named(error)})`,
    )
  })
  const text = await answer.text().catch(() => '')
  if (answer.ok) return
  const code = /<Code>([\w.]{1,80})<\/Code>/.exec(text)?.[1]
  const explanation =
    code !== undefined && EXPLAINED.test(code) ? /<Message>([^<]*)/.exec(text)?.[1]?.trim() : undefined
  const words = explanation ? `: ${explanation.slice(0, EXPLANATION_LENGTH)}` : ''
  const what = `${parameters.Action}: ${code ?? 'refused'} (HTTP ${answer.status})${words}`
  throw new AwsQueryError(`${what}${clockSkewHint(answer, nowMs)}`, code)
}

/** `fetch` says only that it failed; why is in its cause, where there is one. */
function named(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.cause instanceof Error ? error.cause.message : error.message
}
