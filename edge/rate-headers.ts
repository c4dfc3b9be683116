import type { Context } from 'hono'
import type { RateState } from '../shared/job-queue.ts'

/** RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers): what a key may do, and what is left of it. Seconds are whole. */
export function rateHeaders({ limit, windowMs, remaining, resetMs }: RateState): Record<string, string> {
  return {
    'ratelimit-policy': `"default";q=${limit};w=${Math.ceil(windowMs / 1000)}`,
    ratelimit: `"default";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  }
}

/** Nothing is said to callers without a rate. */
export function sayRate(c: Context, rate: RateState | undefined): void {
  for (const [name, value] of Object.entries(rate ? rateHeaders(rate) : {})) c.header(name, value)
}
