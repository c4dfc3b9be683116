import { PROBLEMS } from '../../shared/errors.ts'
import type { OpenApiDocument } from '../openapi/document.ts'
import type { JsonSchema } from '../openapi/json-schema.ts'
import { Html, html, prose } from './html.ts'
import { operationSection, operationsOf, table } from './operations.ts'
import { schemaType } from './schema-type.ts'
import { STYLE } from './style.ts'

/** All that the page does by itself; it reads without, too. */
export const SCRIPT = `
document.addEventListener('click',async({target})=>{
if(target.parentElement?.className!=='try'||target.tagName!=='BUTTON')return
await navigator.clipboard.writeText(target.previousElementSibling.textContent)
target.textContent='Copied'
setTimeout(()=>{target.textContent='Copy'},1500)
})
`

/** The reference for people: a page that needs nothing else, made from the document. */
export function referencePage(document: OpenApiDocument): string {
  const { info, tags } = document
  const operations = operationsOf(document)
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${info.title} API</title>
<style>${raw(STYLE)}</style>
<header><h1>${info.title} API <small class="dim">${info.version}</small></h1>
<p>${prose(info.description)} <a href="/openapi.json">openapi.json</a></p></header>
<nav aria-label="Contents"><ul>
${operations.map(({ operationId, method, path }) => html`<li><a href="#${operationId}"><code>${method} ${path}</code></a>`)}
<li><a href="#schemas">Schemas</a><li><a href="#errors">Errors</a></ul></nav>
<main>
${tags.map(
  ({ name, description }) => html`<h2>${name}</h2><p>${description}</p>
${operations.filter(({ tag }) => tag === name).map((operation) => operationSection(operation, document))}`,
)}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema))}
<h2 id="errors">Errors</h2>
${errorTable()}
</main>
<script>${raw(SCRIPT)}</script>
`
  return page.markup
}

function schemaSection(name: string, schema: JsonSchema): Html {
  const fields = schema.properties as Record<string, JsonSchema> | undefined
  const required = new Set((schema.required as string[] | undefined) ?? [])
  if (!fields) return html`<h3 id="${name}">${name}</h3><p>${schemaType(schema)}</p>`
  const rows = Object.entries(fields).map(([field, type]) => {
    const optional = required.has(field) ? undefined : html` <span class="dim">may be absent</span>`
    return html`<tr><th scope="row"><code>${field}</code>${optional}<td>${schemaType(type)}<td>${prose(String(type.description ?? ''))}`
  })
  return html`<section id="${name}">${table(name, ['Field', 'Type', 'Meaning'], rows)}</section>`
}

function errorTable(): Html {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title, retryable }]) =>
      html`<tr><th scope="row"><code>${code}</code><td>${status}<td>${title}<td>${retryable ? 'yes' : 'no'}`,
  )
  return table(
    'Codes of problems, and of jobs that failed',
    ['Code', 'Status', 'Meaning', 'Worth a retry'],
    rows,
  )
}

/** Our own style and script, which hold nothing that came from elsewhere. */
function raw(markup: string): Html {
  return new Html(markup)
}
