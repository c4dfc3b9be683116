import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

const DAY_SECONDS = 86_400

/**
 * Lets web pages of these origins call the API (`*`: of any). Never with credentials: who calls is told by an API key in a header, which no
 * page has that was not given it. Answers preflights by itself, so that they need no key.
 */
export function crossOrigin(origins: '*' | readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins === '*' ? '*' : [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: DAY_SECONDS,
  })
}

const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Prefer',
  'Idempotency-Key',
  'Cancel-After',
  'X-Priority',
  'Cache-Control',
  'Last-Event-ID',
  'traceparent',
]

const EXPOSED_HEADERS = [
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Server-Timing',
  'X-Request-Id',
  'X-Cache',
  'Preference-Applied',
  'Link',
]
