/** As `z.toJSONSchema` describes one value. */
export interface ValueSchema {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  default?: unknown
  items?: ValueSchema
  prefixItems?: ValueSchema[]
}

/** Which values it may have, in words. */
export function allowedValues(schema: ValueSchema): string {
  if (schema.const !== undefined) return code(schema.const)
  if (schema.enum) return schema.enum.map(code).join(', ')
  if (schema.type === 'integer' || schema.type === 'number') return numbers(schema)
  if (schema.type === 'array') return list(schema)
  if (schema.format === 'uri') return 'a URL'
  if (schema.type === 'boolean') return '`true`, `false`'
  return text(schema)
}

function numbers({ type, minimum, exclusiveMinimum, maximum }: ValueSchema): string {
  const kind = type === 'integer' ? 'whole number' : 'number'
  const low = exclusiveMinimum === undefined ? minimum : lowestAbove(exclusiveMinimum, type)
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
  if (low !== undefined && high !== undefined) return `${kind}, ${low} to ${high}`
  return low === undefined ? kind : `${kind}, from ${low}`
}

function lowestAbove(limit: number, type: ValueSchema['type']): number | string {
  return type === 'integer' ? limit + 1 : `above ${limit}`
}

function list({ items, prefixItems, minItems, maxItems }: ValueSchema): string {
  if (prefixItems) return `[${prefixItems.map(allowedValues).join('; ')}]`
  const length = minItems && maxItems ? `${minItems} to ${maxItems} of ` : ''
  return `list: ${length}${items ? allowedValues(items) : 'anything'}`
}

function text({ pattern, maxLength }: ValueSchema): string {
  if (pattern !== undefined) return `text like ${code(pattern)}`
  return maxLength === undefined ? 'text' : `text, up to ${maxLength} characters`
}

/** As Markdown has it in a table's cell. */
export function code(value: unknown): string {
  const words = typeof value === 'string' ? value : JSON.stringify(value)
  return `\`${words.replaceAll('|', '\\|')}\``
}
