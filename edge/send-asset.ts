import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import type { ConsoleAsset } from './console-assets.ts'
import type { EdgeEnvironment } from './edge-context.ts'

/** Pages may use files of this host, show pictures that they have made, and ask this host; nothing that is written into them runs. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A name that changes with what it names can be kept for good; a page is asked for again each time. */
const CACHE_CONTROL = { page: 'no-cache', file: 'public, max-age=31536000, immutable' }

/** A page of the console, or a file that pages load; 304 to who has it. */
export function sendAsset(c: Context<EdgeEnvironment>, { type, body, gzip, hash }: ConsoleAsset): Response {
  const isPage = type.startsWith('text/html')
  // Weak, as it is the same however the body is encoded.
  const etag = `W/"${hash}"`
  c.header('cache-control', isPage ? CACHE_CONTROL.page : CACHE_CONTROL.file)
  c.header('etag', etag)
  if (isPage) {
    c.header('content-security-policy', PAGE_POLICY)
    // A key may be in its memory: no other page shares its process.
    c.header('cross-origin-opener-policy', 'same-origin')
  }
  if (gzip) c.header('vary', 'Accept-Encoding', { append: true })
  if (isNamed(etag, c.req.header('if-none-match'))) return c.body(null, 304)
  c.header('content-type', type)
  const encoding = accepts(c, { header: 'Accept-Encoding', supports: ['gzip'], default: 'identity' })
  if (!gzip || encoding !== 'gzip') return c.body(body)
  c.header('content-encoding', 'gzip')
  return c.body(gzip)
}

function isNamed(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((tag) => tag.trim() === etag)
}
