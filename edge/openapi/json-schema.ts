import * as z from 'zod'

/** A JSON Schema of draft 2020-12, which is what OpenAPI 3.1 takes. */
export type JsonSchema = Record<string, unknown>

/**
 * Named schemas as `components.schemas`: wherever one holds another, it refers to it. `io`: answers are described as they are sent
 * (`output`), bodies as they may be sent (`input`).
 */
export function toComponents(
  schemas: Readonly<Record<string, z.ZodType>>,
  io: 'input' | 'output',
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id })
  const { schemas: made } = z.toJSONSchema(registry, {
    io,
    uri: reference,
    override: io === 'output' ? openly : plainly,
  })
  return Object.fromEntries(
    Object.entries(made).map(([id, { $schema, $id, ...schema }]) => [id, schema as JsonSchema]),
  )
}

/** The schema of a parameter, as it is written in the request. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema, ...made } = z.toJSONSchema(schema, { io: 'output', override: plainly })
  return made
}

export function reference(id: string): string {
  return `#/components/schemas/${id}`
}

type Override = (made: { jsonSchema: JsonSchema }) => void

/** Fields may be added to answers without notice: programs made from the document must not refuse them. */
const openly: Override = ({ jsonSchema }) => {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  plainly({ jsonSchema })
}

/** Leaves out what says nothing to a reader. */
const plainly: Override = ({ jsonSchema }) => {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  // `format` says it, and 300 characters less.
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames
}
