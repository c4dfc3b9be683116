import type { Attribute, Block, NestedBlock, Nesting, ProviderSchema } from '../schemas/provider-schema.ts'

/** A schema as plugin.proto has it. */
export function providerSchemaMessage(schema: ProviderSchema) {
  return {
    provider: { block: blockMessage(schema.provider) },
    resource_schemas: mapValues(schema.resource_schemas, (block) => ({ block: blockMessage(block) })),
    data_source_schemas: mapValues(schema.data_source_schemas, (block) => ({ block: blockMessage(block) })),
    server_capabilities: { get_provider_schema_optional: true },
  }
}

function blockMessage(block: Block): object {
  return {
    attributes: Object.entries(block.attributes).map(attributeMessage),
    block_types: Object.entries(block.block_types).map(nestedBlockMessage),
  }
}

function attributeMessage([name, attribute]: [string, Attribute]): object {
  const { type, nested_type, ...flags } = attribute
  if (nested_type === undefined) return { name, ...flags, type: Buffer.from(JSON.stringify(type)) }
  const attributes = Object.entries(nested_type.attributes).map(attributeMessage)
  return { name, ...flags, nested_type: { attributes, nesting: nesting(nested_type.nesting_mode) } }
}

function nestedBlockMessage([name, { nesting_mode, block, ...counts }]: [string, NestedBlock]): object {
  return { type_name: name, block: blockMessage(block), nesting: nesting(nesting_mode), ...counts }
}

function nesting(mode: Nesting): string {
  return mode.toUpperCase()
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
