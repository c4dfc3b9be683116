import { hash, timingSafeEqual } from 'node:crypto'
import type { Monitor } from './monitor.ts'
import type { GatewayRedis } from './redis.ts'
import type { RequestHeaders } from './request-headers.ts'
import type { Subscriptions } from './subscriptions.ts'

/** Who sends a request, as the token tells. */
export interface Caller {
  /** The token's name: not secret, so it may stand in logs and in metrics' labels. */
  name: string
  /** Whether the caller may only read: then writes, SCAN, KEYS and the like are refused, whatever the Redis user may do. */
  readOnly: boolean
  /** The Redis that the token is for, as the user and in the database that it is for. */
  redis: GatewayRedis
  subscriptions: Subscriptions
  monitor: Monitor
}

/** What a token opens. */
export interface Grant {
  token: string
  caller: Caller
}

/** Tells callers by their tokens, of which it keeps digests only. */
export class Access {
  readonly #known: { digest: Buffer; caller: Caller }[]

  constructor(grants: readonly Grant[]) {
    this.#known = grants.map(({ token, caller }) => ({ digest: digestOf(token), caller }))
  }

  /** Who shows a token that is known, as `Authorization: Bearer` or else as `?_token=`. */
  authenticate(headers: RequestHeaders, url: string): Caller | undefined {
    const token = tokenIn(headers, url)
    if (token === undefined) return undefined
    const digest = digestOf(token)
    let found: Caller | undefined
    // All are compared, and digests at that: neither the time nor the length tells anything about a token.
    for (const { digest: known, caller } of this.#known) if (timingSafeEqual(digest, known)) found = caller
    return found
  }
}

const digestOf = (token: string): Buffer => hash('sha256', token, 'buffer')

const SCHEME = 'Bearer '

function tokenIn(headers: RequestHeaders, url: string): string | undefined {
  const authorization = headers.get('authorization')
  // A header that says something else is not made good by the query.
  if (authorization !== null)
    return authorization.startsWith(SCHEME) ? authorization.slice(SCHEME.length) : undefined
  const query = url.indexOf('?')
  if (query < 0) return undefined
  return new URLSearchParams(url.slice(query + 1)).get('_token') ?? undefined
}
