import '@hyperjump/json-schema/formats'
import { registerSchema, setShouldValidateFormat, validate } from '@hyperjump/json-schema/draft-2020-12'
import { expect } from 'vitest'
import type { OpenApiDocument } from '../../edge/openapi/document.ts'
import type { JsonSchema } from '../../edge/openapi/json-schema.ts'

interface DescribedResponse {
  headers?: Record<string, unknown>
  content?: Record<string, { schema: JsonSchema }>
}

setShouldValidateFormat(true)

/** Holds answers against a service's own OpenAPI document, and remembers which of what it lists has been seen. */
export class ApiContract {
  readonly #document: OpenApiDocument
  readonly #seen = new Set<string>()
  readonly #schemas = new Map<JsonSchema, string>()

  constructor(document: OpenApiDocument) {
    this.#document = document
  }

  /** Sends a request, and fails the test where the answer is not one that the document lists for it. `path`: with the names of its parts, as listed. */
  async request(
    url: string,
    operation: string,
    init: RequestInit = {},
  ): Promise<{ response: Response; body: unknown }> {
    const [method = '', path = ''] = operation.split(' ')
    const response = await fetch(url, { ...init, method })
    const { status } = response
    const listed = this.#responses(path, method)[status]
    const text = await response.text()
    expect(listed, `${operation} answers ${status}, which is not listed: ${text}`).toBeDefined()
    const type = response.headers.get('content-type')?.split(';')[0] ?? 'nothing'
    this.#seen.add(`${operation} ${status} ${type}`)
    this.#expectHeaders(operation, response, listed as DescribedResponse)
    const content = listed?.content ?? {}
    if (Object.keys(content).length === 0) {
      expect(text).toBe('')
      return { response, body: undefined }
    }
    expect(Object.keys(content)).toContain(type)
    const body = /json$/.test(type) ? JSON.parse(text) : text
    await this.expectValid(content[type]?.schema ?? {}, body, `${operation} ${status}`)
    return { response, body }
  }

  /** `body` is valid, and has no field that is not described. */
  async expectValid(schema: JsonSchema, body: unknown, what: string): Promise<void> {
    const output = await validate(this.#registered(schema), body as never, 'BASIC')
    const reasons = output.valid
      ? []
      : (output.errors ?? []).map(({ instanceLocation, absoluteKeywordLocation }) => [
          instanceLocation,
          absoluteKeywordLocation,
        ])
    expect(output.valid, `${what}: ${JSON.stringify(reasons)} ${JSON.stringify(body)}`).toBe(true)
  }

  /** What the document lists and no answer has been, as `POST /predict 200 application/json`. */
  unseen(): string[] {
    return Object.entries(this.#document.paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => [path, method.toUpperCase()] as const),
      )
      .flatMap(([path, method]) =>
        Object.entries(this.#responses(path, method)).flatMap(([status, { content }]) =>
          Object.keys(content ?? { nothing: true }).map((type) => `${method} ${path} ${status} ${type}`),
        ),
      )
      .filter((answer) => !this.#seen.has(answer))
  }

  #responses(path: string, method: string): Record<string, DescribedResponse> {
    const operation = this.#document.paths[path]?.[method.toLowerCase()]
    expect(operation, `${method} ${path} is not listed`).toBeDefined()
    return operation?.responses as Record<string, DescribedResponse>
  }

  /** Of those headers that the document knows at all, an answer has none that is not listed for it. */
  #expectHeaders(operation: string, { headers, status }: Response, listed: DescribedResponse): void {
    expect(headers.get('x-request-id'), `${operation} ${status}`).toBeTruthy()
    const known = Object.keys(this.#document.components.headers)
    const sent = known.filter((name) => headers.has(name))
    expect(Object.keys(listed.headers ?? {}), `${operation} ${status}`).toEqual(expect.arrayContaining(sent))
  }

  #registered(schema: JsonSchema): string {
    const known = this.#schemas.get(schema)
    if (known) return known
    const id = `https://contract.example/${crypto.randomUUID()}`
    const { schemas } = this.#document.components
    registerSchema(
      { ...closed(schema), components: closed({ schemas }) } as never,
      id,
      'https://json-schema.org/draft/2020-12/schema',
    )
    this.#schemas.set(schema, id)
    return id
  }
}

/** The same without the fields that might be added one day: today there are those that are described. */
function closed(schema: JsonSchema): JsonSchema {
  const parts = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [
      keyword,
      Array.isArray(value) ? value.map(closedValue) : closedValue(value),
    ]),
  )
  const isObject = schema.type === 'object' && schema.properties !== undefined
  return isObject ? { additionalProperties: false, ...parts } : parts
}

function closedValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? closed(value as JsonSchema)
    : value
}
