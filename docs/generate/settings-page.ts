import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { edgeEnvSchema, nodeEdgeEnvSchema } from '../../edge/env.ts'
import { scalingEnvSchema } from '../../edge/scaling/env.ts'
import { gatewayEnvSchema } from '../../gateway/env.ts'
import { poolEnvSchema } from '../../worker-pool/env.ts'
import { allowedValues, code, type ValueSchema } from './allowed-values.ts'
import { settingComments } from './setting-comments.ts'

interface Part {
  title: string
  about: string
  schema: z.ZodType
  /** Where the schema and its comments stand, from the project's root. */
  file: string
  /** Those that the part before has told of already. */
  without?: z.ZodType
}

const PARTS: readonly Part[] = [
  {
    title: 'Edge',
    about: 'Variables of `wrangler.toml` and secrets on Cloudflare; environment variables on Node.',
    schema: edgeEnvSchema,
    file: 'edge/env.ts',
  },
  {
    title: 'Edge: scaling',
    about: 'Where the depth that machines are scaled by is published: [scaling](../scaling.md).',
    schema: scalingEnvSchema,
    file: 'edge/scaling/env.ts',
  },
  {
    title: 'Edge on Node',
    about: 'In addition, with `npm run edge:node`.',
    schema: nodeEdgeEnvSchema,
    file: 'edge/env.ts',
    without: edgeEnvSchema,
  },
  {
    title: 'Worker pool',
    about: 'Environment variables of `npm run worker-pool`, and of the container.',
    schema: poolEnvSchema,
    file: 'worker-pool/env.ts',
  },
  {
    title: 'Gateway',
    about: 'Environment variables of `npm run gateway`.',
    schema: gatewayEnvSchema,
    file: 'gateway/env.ts',
  },
]

/** Every setting of every part, with its values, its default and what it does. Throws if one of them has no comment. */
export async function settingsPage(root: URL): Promise<string> {
  const sections = await Promise.all(PARTS.map((part) => partSection(part, root)))
  return `# Settings

Every variable that a part reads. An empty one counts as not set; a wrong one ends the part at its start, with a line that says what it should be. What
has no default and no "not set" in its column must be set.

${sections.join('\n')}`
}

async function partSection({ title, about, schema, file, without }: Part, root: URL): Promise<string> {
  const comments = settingComments(await readFile(new URL(file, root), 'utf8'))
  const known = without ? Object.keys(describe(without).properties) : []
  const { properties, required } = describe(schema)
  const rows = Object.entries(properties)
    .filter(([name]) => !known.includes(name))
    .map(([name, value]) => {
      const comment = comments.get(name)
      if (comment === undefined) throw new Error(`${name} in ${file} has no comment of its own`)
      return `| \`${name}\` | ${allowedValues(value)} | ${defaultOf(value, required.includes(name))} | ${comment.replaceAll('|', '\\|')} |`
    })
  return `## ${title}

${about}

| setting | values | default | what |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

function defaultOf(value: ValueSchema, isRequired: boolean): string {
  if (value.default !== undefined) return code(value.default)
  return isRequired ? '' : 'not set'
}

/** As the settings are written, before anything is made of them. */
function describe(schema: z.ZodType): { properties: Record<string, ValueSchema>; required: string[] } {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return { properties: properties as Record<string, ValueSchema>, required }
}
