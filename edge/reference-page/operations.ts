import type { OpenApiDocument } from '../openapi/document.ts'
import type { JsonSchema } from '../openapi/json-schema.ts'
import { EVERYWHERE } from '../openapi/response-headers.ts'
import { curlOf } from './curl.ts'
import { type Html, html, prose } from './html.ts'
import { schemaType } from './schema-type.ts'

export interface Operation {
  method: string
  path: string
  operationId: string
  summary: string
  tag: string
  /** Empty where no API key is looked at. */
  security?: unknown[]
  description?: string
  parameters?: { $ref: string }[]
  requestBody?: { description?: string; content: Record<string, { schema: JsonSchema }> }
  responses: Record<string, Response>
}

interface Response {
  description: string
  headers?: Record<string, unknown>
  content?: Record<string, { schema: JsonSchema }>
}

export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) =>
        ({
          ...operation,
          path,
          method: method.toUpperCase(),
          tag: (operation.tags as string[])[0],
        }) as Operation,
    ),
  )
}

export function operationSection(operation: Operation, document: OpenApiDocument): Html {
  const { operationId, method, path, summary, description } = operation
  const curl = curlOf(operation, document)
  return html`<section id="${operationId}" aria-labelledby="${operationId}-name">
<h3 id="${operationId}-name"><code>${method} ${path}</code> ${summary}</h3>
${description === undefined ? undefined : html`<p>${prose(description)}</p>`}
<div class="try"><pre tabindex="0">${curl}</pre><button type="button">Copy</button></div>
${parameterTable(operation, document)}${bodyTable(operation)}${responseTable(operation)}</section>
`
}

function parameterTable({ parameters = [] }: Operation, { components }: OpenApiDocument): Html | undefined {
  if (parameters.length === 0) return undefined
  const rows = parameters.map(({ $ref }) => {
    const {
      name,
      in: place,
      description,
      schema,
    } = components.parameters[$ref.split('/').at(-1) ?? ''] as JsonSchema
    return html`<tr><th scope="row"><code>${String(name)}</code><td>${String(place)}<td>${schemaType(schema as JsonSchema)}<td>${prose(String(description))}`
  })
  return table('Parameters', ['Name', 'In', 'Type', 'Meaning'], rows)
}

function bodyTable({ requestBody }: Operation): Html | undefined {
  if (!requestBody) return undefined
  const rows = Object.entries(requestBody.content).map(
    ([type, { schema }]) => html`<tr><th scope="row"><code>${type}</code><td>${schemaType(schema)}`,
  )
  return html`${table('Body', ['Content type', 'Schema'], rows)}<p>${prose(requestBody.description ?? '')}</p>`
}

function responseTable({ responses }: Operation): Html {
  const rows = Object.entries(responses).map(([status, { description, headers = {}, content = {} }]) => {
    const bodies = Object.entries(content).map(
      ([type, { schema }], i) =>
        html`${i > 0 ? html`<br>` : undefined}<code>${type}</code>${bodyType(type, schema)}`,
    )
    return html`<tr><th scope="row">${status}<td>${prose(description)}<td>${bodies}<td class="dim">${ownHeaders(headers)}`
  })
  return table('Answers', ['Status', 'When', 'Body', 'Headers'], rows)
}

function ownHeaders(headers: Record<string, unknown>): string {
  const everywhere = new Set<string>(EVERYWHERE)
  return Object.keys(headers)
    .filter((name) => !everywhere.has(name))
    .join(', ')
}

/** Of problems the codes are listed already, and text is text. */
function bodyType(type: string, schema: JsonSchema): Html | undefined {
  if (type === 'application/problem+json') return html` <a href="#Problem">Problem</a>`
  return type === 'application/json' ? html` ${schemaType(schema)}` : undefined
}

export function table(caption: string, heads: readonly string[], rows: readonly Html[]): Html {
  const head = heads.map((text) => html`<th scope="col">${text}`)
  return html`<div class="wide"><table><caption>${caption}</caption><thead><tr>${head}<tbody>${rows}</table></div>
`
}
