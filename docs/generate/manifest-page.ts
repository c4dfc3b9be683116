import * as z from 'zod'
import { modelManifestSchema } from '../../shared/model-manifest.ts'
import { allowedValues, code, type ValueSchema } from './allowed-values.ts'

interface Described extends ValueSchema {
  properties?: Record<string, Described>
  required?: string[]
  oneOf?: Described[]
  anyOf?: Described[]
}

/** Every field of `model.json`. What each means stands in docs/models.md. */
export function manifestPage(): string {
  const [first, ...others] = tasks()
  if (!first) throw new Error('a manifest has no task')
  const common = fields(first).filter(({ path }) => !isOfTask(path))
  return `# model.json

Every field of a model's manifest, as the schema that checks it has it. What they mean: [models](../models.md#modeljson). Fields that are not listed are ignored.
[\`model.schema.json\`](model.schema.json) is the same for editors and other programs (\`"$schema"\` in \`model.json\`).

${table(common)}

A manifest's \`task\` says what else it has:

${table([first, ...others].flatMap((task) => fields(task).filter(({ path }) => isOfTask(path))))}
`
}

/** The manifest as a JSON Schema of draft 2020-12. */
export function manifestSchema(): string {
  return `${JSON.stringify({ title: "A model's manifest", ...described() }, null, 2)}\n`
}

function described(): Described {
  return z.toJSONSchema(modelManifestSchema, { io: 'input' }) as Described
}

function tasks(): Described[] {
  const schema = described()
  return schema.oneOf ?? schema.anyOf ?? []
}

const isOfTask = (path: string) => path === 'task' || path.startsWith('outputs')

interface Field {
  path: string
  schema: Described
  isRequired: boolean
}

function fields(schema: Described, parent = '', parentIsRequired = true): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = parent + name
    const isRequired = parentIsRequired && (schema.required?.includes(name) ?? false)
    if (value.properties) return fields(value, `${path}.`, isRequired)
    return [{ path, schema: value, isRequired }]
  })
}

function table(all: readonly Field[]): string {
  const rows = all.map(
    ({ path, schema, isRequired }) =>
      `| \`${path}\` | ${allowedValues(schema)} | ${otherwise(schema, isRequired)} |`,
  )
  return `| field | values | otherwise |\n| --- | --- | --- |\n${rows.join('\n')}`
}

function otherwise(schema: Described, isRequired: boolean): string {
  if (schema.default !== undefined) return code(schema.default)
  return isRequired ? 'must be there' : 'left out'
}
