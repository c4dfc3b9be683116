import type { ComponentName } from './components.ts'
import { type JsonSchema, reference } from './json-schema.ts'
import type { ParameterName } from './parameters.ts'
import { headersOf, type ResponseHeader } from './response-headers.ts'

/** `paths` of the document: by path, then by method. */
export type Paths = Record<string, Record<string, JsonSchema>>

export function parameters(...names: ParameterName[]): JsonSchema[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}

/** An answer in JSON: one of these components. */
export function jsonResponse(
  description: string,
  components: ComponentName | readonly ComponentName[],
  headers: readonly ResponseHeader[] = [],
): JsonSchema & { content: JsonSchema } {
  const schemas = [components].flat().map((name) => ({ $ref: reference(name) }))
  const schema = schemas.length === 1 ? schemas[0] : { anyOf: schemas }
  return { description, headers: headersOf(...headers), content: { 'application/json': { schema } } }
}

/** An answer that is text for people, or a document. */
export function textResponse(
  description: string,
  mediaType: string,
  schema: JsonSchema = { type: 'string' },
): JsonSchema {
  return { description, headers: headersOf(), content: { [mediaType]: { schema } } }
}

/** Where no API key is looked at. */
export const OPEN: { security: [] } = { security: [] }
