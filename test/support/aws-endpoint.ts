import type { ServerResponse } from 'node:http'
import type { Received } from './answering-server.ts'
import { type AwsKeys, signatureProblem } from './aws-signature.ts'
import { type CloudEndpoint, cloudEndpoint } from './cloud-endpoint.ts'

/** So far AWS lets clocks be off. */
const TOLERATED_MS = 300_000

export interface AwsEndpointOptions {
  keys: AwsKeys
  /** The session's, where keys are those of a role. */
  token?: string
  /** `region/service`. */
  scope: string
  /** By its own clock; by default ours. */
  now?: () => number
  /** What it does with a call that is signed well; by default it succeeds. */
  answer?: (parameters: URLSearchParams, response: ServerResponse) => void
}

/** A service of AWS with the Query protocol: holds each request's signature, its time and its session against what it knows. */
export function awsEndpoint(options: AwsEndpointOptions): Promise<CloudEndpoint> {
  const { now = Date.now, answer = (_, response) => response.end('<Response/>') } = options
  return cloudEndpoint(now, (request, response) => {
    const problem = problemOf(request, options, now())
    if (problem) return refuse(response, 403, problem, `no secrets of ${request.headers.authorization} here`)
    answer(parametersOf(request), response)
  })
}

/** As AWS words it: XML. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`
  response.writeHead(status, { 'content-type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`)
}

export function parametersOf({ body }: Received): URLSearchParams {
  return new URLSearchParams(body.toString())
}

function problemOf(request: Received, options: AwsEndpointOptions, now: number): string | undefined {
  const { headers } = request
  if (headers['x-amz-security-token'] !== options.token) return 'InvalidClientTokenId'
  if (
    options.token !== undefined &&
    !/SignedHeaders=[^,]*x-amz-security-token/.test(headers.authorization ?? '')
  )
    return 'the token is not signed'
  const problem = signatureProblem(request, options.keys, options.scope)
  if (problem) return problem
  const [, y, m, d, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(headers['x-amz-date'])) ?? []
  const at = Date.parse(`${y}-${m}-${d}T${hour}:${minute}:${second}Z`)
  return Math.abs(at - now) > TOLERATED_MS ? 'RequestTimeTooSkewed' : undefined
}
