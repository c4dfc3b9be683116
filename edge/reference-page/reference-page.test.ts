import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { PROBLEMS } from '../../shared/errors.ts'
import { composedEdge } from '../../test/support/composed-edge.ts'
import { openApiDocument } from '../openapi/document.ts'
import { html } from './html.ts'
import { referencePage } from './reference-page.ts'

const document = openApiDocument({ origin: 'https://edge.example', allowAnonymous: false })
const page = referencePage(document)

test('the page has every operation, field and code of the document', () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods))
      expect(page).toContain(`<code>${method.toUpperCase()} ${path}</code>`)
  for (const schema of Object.values(document.components.schemas))
    for (const field of Object.keys(schema.properties ?? {})) expect(page).toContain(`<code>${field}</code>`)
  for (const code of Object.keys(PROBLEMS)) expect(page).toContain(`<code>${code}</code>`)
})

test('its lines for the terminal name the host that was asked', () => {
  expect(page).toContain(
    'curl -H &quot;Authorization: Bearer $EDGEBATCH_API_KEY&quot; -F image=@photo.jpg &quot;https://edge.example/predict&quot;',
  )
  expect(page).toContain('&quot;https://edge.example/result/$ID/cancel&quot;')
})

test('every link within the page leads somewhere', () => {
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
})

test('it loads nothing, and its policy lets only its own script and style run', async () => {
  const response = await composedEdge().request('https://edge.example/docs')
  expect(response.headers.get('content-type')).toMatch(/^text\/html/)
  const served = await response.text()
  expect(served).not.toMatch(/ (src|srcset|style|onclick)=|<link|@import|url\(/)
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/^default-src 'none'; /)
  for (const element of ['script', 'style']) {
    const [, source = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(served) ?? []
    const hash = createHash('sha256').update(source).digest('base64')
    expect(policy).toContain(`${element}-src 'sha256-${hash}'`)
  }
})

test('texts cannot break out of their place', () => {
  expect(html`<a title="${'"><script>'}">${"it's & <b>"}</a>`.markup).toBe(
    '<a title="&quot;&gt;&lt;script&gt;">it&#39;s &amp; &lt;b&gt;</a>',
  )
})

test('it stays small: as it is sent, under 20 KB', () => {
  expect(gzipSync(page).length).toBeLessThan(20_000)
})
