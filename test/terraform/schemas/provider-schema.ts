/** A provider's schema in the format of `terraform providers schema -json`, of which descriptions and unused types are left out. */
export interface ProviderSchema {
  /** Registry address, e.g. `hashicorp/aws`. */
  source: string
  /** The provider's version that the schema is from. */
  version: string
  /** Where it was taken from. */
  origin: string
  provider: Block
  resource_schemas: Record<string, Block>
  data_source_schemas: Record<string, Block>
}

export interface Block {
  attributes: Record<string, Attribute>
  block_types: Record<string, NestedBlock>
}

/** Either `type` or `nested_type` is set. */
export interface Attribute {
  /** As Terraform writes types in JSON: `"string"`, `["list","string"]`, `["object",{...}]`. */
  type?: TypeOfValue
  nested_type?: { attributes: Record<string, Attribute>; nesting_mode: Nesting }
  required?: true
  optional?: true
  computed?: true
  sensitive?: true
  write_only?: true
}

export interface NestedBlock {
  nesting_mode: Nesting
  block: Block
  min_items?: number
  max_items?: number
}

export type Nesting = 'single' | 'list' | 'set' | 'map'
export type TypeOfValue =
  | string
  | [collection: 'list' | 'set' | 'map', element: TypeOfValue]
  | [object: 'object', attributes: Record<string, TypeOfValue>]
