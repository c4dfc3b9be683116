import type { JsonSchema } from '../openapi/json-schema.ts'
import { type Html, html } from './html.ts'

/** A schema in a few words: `string`, `list of Prediction, or null`. Named schemas are links. */
export function schemaType(schema: JsonSchema): Html {
  if (typeof schema.$ref === 'string') return link(schema.$ref)
  const choices = (schema.anyOf ?? schema.allOf) as JsonSchema[] | undefined
  if (choices) return joined(choices.map(schemaType))
  if ('const' in schema) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (Array.isArray(schema.enum))
    return joined(schema.enum.map((value) => html`<code>${String(value)}</code>`))
  if (schema.contentMediaType) return html`bytes`
  if (schema.type === 'array')
    return html`list of ${schemaType((schema.items as JsonSchema | undefined) ?? {})}`
  if (schema.type === 'object') return objectType(schema)
  const type = [schema.type ?? 'anything'].flat().join(' or ')
  return html`${type}${typeof schema.format === 'string' ? ` (${schema.format})` : ''}`
}

function objectType({ properties, additionalProperties }: JsonSchema): Html {
  if (properties) {
    const fields = Object.entries(properties as Record<string, JsonSchema>)
    return html`{ ${fields.map(([name, field], i) => html`${i > 0 ? ', ' : ''}${name}: ${schemaType(field)}`)} }`
  }
  if (additionalProperties && typeof additionalProperties === 'object')
    return html`names to ${schemaType(additionalProperties as JsonSchema)}`
  return html`object`
}

function link(reference: string): Html {
  const name = reference.split('/').at(-1) ?? ''
  return html`<a href="#${name}">${name}</a>`
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, i) => (i > 0 ? html` or ${part}` : part))}`
}
