import type { IncomingMessage } from 'node:http'

/** What is asked of a request's headers, by names in lower case; null for one that is not there. */
export type RequestHeaders = Pick<Headers, 'get'>

/** As Node has read them. A request's own `headers` would be made of all of them first, which took an eighth of all that a GET costs here (`npm run bench:gateway`). */
export function headersOf({ headers }: IncomingMessage): RequestHeaders {
  return {
    get: (name) => {
      const value = headers[name]
      return value === undefined ? null : String(value)
    },
  }
}
