import type { EdgeApp, EdgeContext } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'
import { type OpenApiDocument, openApiDocument } from '../openapi/document.ts'
import { referencePage, SCRIPT } from '../reference-page/reference-page.ts'
import { STYLE } from '../reference-page/style.ts'

/** It changes with a deploy only. */
const CACHE_CONTROL = 'public, max-age=300'

/** GET /openapi.json and GET /docs: what this API is, for programs and for people. Each is made when it is first asked for. */
export function openapiRoutes(app: EdgeApp, { deps }: EdgeContext): void {
  const { allowAnonymous } = deps
  let described: OpenApiDocument | undefined
  let policy: string | undefined

  const documentFor = (origin: string): OpenApiDocument => {
    described ??= openApiDocument({ origin, allowAnonymous })
    return { ...described, servers: [{ url: origin }] }
  }

  app.get('/openapi.json', (c) => {
    c.header('cache-control', CACHE_CONTROL)
    return c.json(documentFor(c.get('origin')))
  })
  app.get('/docs', async (c) => {
    policy ??= await contentSecurityPolicy()
    c.header('cache-control', CACHE_CONTROL)
    c.header('content-security-policy', policy)
    return c.html(referencePage(documentFor(c.get('origin'))))
  })
  for (const path of ['/openapi.json', '/docs']) allowOnly(app, path)
}

/** The page may use what is in it, and nothing else. */
async function contentSecurityPolicy(): Promise<string> {
  const [script, style] = await Promise.all([SCRIPT, STYLE].map(sourceHash))
  return `default-src 'none'; script-src ${script}; style-src ${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
}

async function sourceHash(source: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(source))
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`
}
