import { PROBLEMS, type ProblemCode } from '../../shared/errors.ts'
import { type JsonSchema, reference } from './json-schema.ts'
import { headersOf, type ResponseHeader } from './response-headers.ts'

/** Any route can end so. */
const ALWAYS: readonly ProblemCode[] = ['internal-error']
/** Wherever an API key is looked at, which takes Redis. */
export const KEYED: readonly ProblemCode[] = ['unauthorized', 'queue-unavailable']

const HEADERS_BY_STATUS: Readonly<Record<number, readonly ResponseHeader[]>> = {
  401: ['WWW-Authenticate'],
  429: ['Retry-After', 'RateLimit-Policy', 'RateLimit'],
  503: ['Retry-After'],
}

/** One response for each status that these problems have; it lists the codes. */
export function problemResponses(...codes: ProblemCode[]): Record<string, JsonSchema> {
  const byStatus = Map.groupBy([...new Set([...codes, ...ALWAYS])], (code) => PROBLEMS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [String(status), problemResponse(status, some)]),
  )
}

function problemResponse(status: number, codes: readonly ProblemCode[]): JsonSchema {
  const narrowed = { properties: { status: { const: status }, code: { enum: codes } } }
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
    headers: headersOf(...(HEADERS_BY_STATUS[status] ?? [])),
    content: {
      'application/problem+json': { schema: { allOf: [{ $ref: reference('Problem') }, narrowed] } },
    },
  }
}
