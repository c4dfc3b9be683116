import type { Attribute, Block, NestedBlock, Nesting, TypeOfValue } from './provider-schema.ts'

/** How the generated getters of bindings tell an attribute's type. The first that is found in a getter counts. */
const TYPE_OF_GETTER: [pattern: RegExp, type: TypeOfValue][] = [
  [/new cdkt[fn]\.StringMap\(this/, ['map', 'string']],
  [/new cdkt[fn]\.NumberMap\(this/, ['map', 'number']],
  [/new cdkt[fn]\.BooleanMap\(this/, ['map', 'bool']],
  [/new cdkt[fn]\.AnyMap\(this/, 'dynamic'],
  [/Fn\.tolist\(this\.getListAttribute\(/, ['set', 'string']],
  [/Fn\.tolist\(this\.getNumberListAttribute\(/, ['set', 'number']],
  [/this\.getListAttribute\(/, ['list', 'string']],
  [/this\.getNumberListAttribute\(/, ['list', 'number']],
  [/this\.getStringMapAttribute\(/, ['map', 'string']],
  [/this\.getNumberMapAttribute\(/, ['map', 'number']],
  [/this\.getBooleanMapAttribute\(/, ['map', 'bool']],
  [/this\.getAnyMapAttribute\(/, 'dynamic'],
  [/this\.getStringAttribute\(/, 'string'],
  [/this\.getNumberAttribute\(/, 'number'],
  [/this\.getBooleanAttribute\(/, 'bool'],
]

/** The same for what a provider itself is configured with, which has no typed getters but typed setters. */
const TYPE_OF_SETTER: [pattern: RegExp, type: TypeOfValue][] = [
  [/value: string\[\]/, ['list', 'string']],
  [/value: string /, 'string'],
  [/value: number /, 'number'],
  [/value: boolean \| /, 'bool'],
  [/value: \{ \[key: string\]: string \}/, ['map', 'string']],
]

export interface ReadOptions {
  /** Plugin-framework providers nest attributes; in older ones such an attribute is an object of which each member must be given. */
  nestsAttributes: boolean
  /** Dotted paths of sensitive attributes, from the type on. */
  sensitive: string[]
}

/** Reads one type's schema out of the TypeScript that cdktf or cdktn generated for it. */
export class BindingsReader {
  private readonly classes: Map<string, string>
  private readonly source: string
  private readonly options: ReadOptions

  constructor(source: string, options: ReadOptions) {
    this.source = source
    this.options = options
    this.classes = new Map(
      source
        .split(/^export class /m)
        .slice(1)
        .map((text) => [/^\w+/.exec(text)?.[0] ?? '', text]),
    )
  }

  /** The schema of the resource, data source or provider in this file, whose name in Terraform is `path`. */
  read(path: string): Block {
    const main = [...this.classes].find(([, text]) =>
      /^\w+ extends cdkt[fn]\.Terraform(Resource|DataSource|Provider) /.test(text),
    )
    if (main === undefined) throw new Error(`${path}: these bindings have no such class`)
    return this.blockOf(main[0], `${main[0]}Config`, path)
  }

  private blockOf(className: string, interfaceName: string, path: string): Block {
    const block: Block = { attributes: {}, block_types: {} }
    const blockNames = this.blockNames(interfaceName)
    for (const member of this.membersOf(className)) {
      const at = `${path}.${member.name}`
      if (this.isLeftOut(className, member.name, blockNames)) continue
      if (blockNames.has(member.name)) block.block_types[member.name] = this.nestedBlock(member, at)
      else block.attributes[member.name] = this.attribute(member, at)
    }
    return block
  }

  /** Of a provider, its blocks, whose bindings have no getters, and `alias`, which is Terraform's own. */
  private isLeftOut(className: string, name: string, blockNames: Set<string>): boolean {
    const ofProvider = /^\w+ extends cdkt[fn]\.TerraformProvider /.test(this.classes.get(className) ?? '')
    return ofProvider && (blockNames.has(name) || name === 'alias')
  }

  /** The generator calls blocks, and only them, `NAME block` in an interface's comments. */
  private blockNames(interfaceName: string): Set<string> {
    const text = new RegExp(`^export interface ${interfaceName} [^]*?^}`, 'm').exec(this.source)?.[0] ?? ''
    return new Set([...text.matchAll(/^ +\* (\w+) block$/gm)].map((match) => match[1] ?? ''))
  }

  private membersOf(className: string): Member[] {
    const text = this.classes.get(className) ?? ''
    const start = /^ +\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$/gm
    const starts = [...text.matchAll(start)]
    return starts.map((match, index) => ({
      name: match[1] ?? '',
      computed: match[2] === 'true',
      optional: match[3] === 'true',
      required: match[4] === 'true',
      text: text.slice(match.index, starts[index + 1]?.index),
    }))
  }

  private nestedBlock(member: Member, at: string): NestedBlock {
    const nested = this.nestedClass(member, at)
    const block = this.blockOf(nested.itemClass, nested.struct, at)
    return {
      nesting_mode: nested.nesting,
      block,
      ...(member.required && nested.nesting !== 'single' ? { min_items: 1 } : {}),
      ...(nested.onlyOne ? { max_items: 1 } : {}),
    }
  }

  private attribute(member: Member, at: string): Attribute {
    const flags: Attribute = {
      ...(member.required ? { required: true } : {}),
      ...(member.optional ? { optional: true } : {}),
      // The generator writes `computed` of attributes with a default in the provider, too.
      ...(member.computed && !member.required ? { computed: true } : {}),
      ...(this.options.sensitive.includes(at) ? { sensitive: true } : {}),
      // By convention: not all bindings say.
      ...(member.optional && member.name.endsWith('_wo') ? { write_only: true } : {}),
    }
    const simple = simpleType(member.text)
    if (simple !== undefined) return { type: simple, ...flags }
    const { itemClass, struct, nesting } = this.nestedClass(member, at)
    const { attributes } = this.blockOf(itemClass, struct, at)
    if (this.options.nestsAttributes) return { nested_type: { attributes, nesting_mode: nesting }, ...flags }
    const object: TypeOfValue = ['object', mapValues(attributes, (each) => each.type ?? 'dynamic')]
    return { type: nesting === 'single' ? object : [nesting, object], ...flags }
  }

  /** A block or nested attribute has a class for its items, and one for their list or map unless there can be only one. */
  private nestedClass(member: Member, at: string): NestedClass {
    const made = /new (\w+?)(List|Map|OutputReference)\(this, "\w+"(?:, (true|false))?\)/.exec(member.text)
    const declared = /private _\w+\?: (\w+)/.exec(member.text)
    const struct = made?.[1] ?? declared?.[1]
    if (struct === undefined) throw new Error(`${at}: of a type that is not known here\n${member.text}`)
    const itemClass = `${struct}OutputReference`
    if (made?.[2] === 'Map') return { struct, itemClass, nesting: 'map', onlyOne: false }
    if (made?.[2] === 'List')
      return { struct, itemClass, nesting: made[3] === 'true' ? 'set' : 'list', onlyOne: false }
    const only = /super\(terraformResource, terraformAttribute, (true|false), 0\)/.exec(
      this.classes.get(itemClass) ?? '',
    )
    if (only === null) return { struct, itemClass, nesting: 'single', onlyOne: false }
    return { struct, itemClass, nesting: only[1] === 'true' ? 'set' : 'list', onlyOne: true }
  }
}

interface Member {
  name: string
  computed: boolean
  optional: boolean
  required: boolean
  text: string
}

interface NestedClass {
  struct: string
  itemClass: string
  nesting: Nesting
  onlyOne: boolean
}

function simpleType(text: string): TypeOfValue | undefined {
  return [...TYPE_OF_GETTER, ...TYPE_OF_SETTER].find(([pattern]) => pattern.test(text))?.[1]
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
