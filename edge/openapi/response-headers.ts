import * as z from 'zod'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

/** What answers say beside their bodies. */
const HEADERS = {
  'X-Request-Id': ['Names the request in our logs; the one that was sent, if it was one.', z.string()],
  Location: ['Where a pending job is to be asked for.', z.string()],
  'Retry-After': ['Seconds after which asking again is worth while.', z.int().min(0)],
  'Preference-Applied': ['What of Prefer was honoured.', z.string()],
  'Server-Timing': ['Where the time went, in ms.', z.string()],
  'X-Cache': [
    'hit: the result was there already. join: the same image is under way, and this job gets its result. miss: neither.',
    z.enum(['hit', 'join', 'miss']),
  ],
  'RateLimit-Policy': ['What the API key may do: `"default";q=<jobs>;w=<seconds>`.', z.string()],
  RateLimit: [
    'What is left of it: `"default";r=<jobs>;t=<seconds until all of it is there again>`.',
    z.string(),
  ],
  'WWW-Authenticate': ['The challenge.', z.string()],
} satisfies Record<string, [description: string, schema: z.ZodType]>

export type ResponseHeader = keyof typeof HEADERS

/** `components.headers`. */
export function componentHeaders(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(HEADERS).map(([name, [description, schema]]) => [
      name,
      { description, schema: toJsonSchema(schema) },
    ]),
  )
}

/** Every answer has the first, and may have the second. */
export const EVERYWHERE: readonly ResponseHeader[] = ['X-Request-Id', 'Server-Timing']

/** `headers` of a response. */
export function headersOf(...names: ResponseHeader[]): Record<string, JsonSchema> {
  return Object.fromEntries(
    [...EVERYWHERE, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  )
}
