import { accepts } from 'hono/accepts'
import type { EdgeApp } from '../edge-context.ts'
import { allowOnly } from '../method-not-allowed.ts'

const LINKS = {
  docs: '/docs',
  openapi: '/openapi.json',
  models: '/models',
  health: '/health',
  ready: '/ready',
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Edgebatch</title>
<h1>Edgebatch</h1>
<p>Image models behind an HTTP API: <code>POST /predict</code> takes a photo and answers with what a model says about it.</p>
<ul>
<li><a href="${LINKS.docs}">Documentation</a>
<li><a href="${LINKS.openapi}">OpenAPI description</a>
<li><a href="${LINKS.models}">Models that are served</a>
</ul>
`

/** GET /: where to go from here, as a page for people and as JSON for programs. */
export function rootRoutes(app: EdgeApp): void {
  app.get('/', (c) => {
    c.header('vary', 'Accept', { append: true })
    const supports = ['application/json', 'text/html']
    const type = accepts(c, { header: 'Accept', supports, default: 'application/json' })
    return type === 'text/html' ? c.html(PAGE) : c.json({ name: 'edgebatch', links: LINKS })
  })
  allowOnly(app, '/')
}
