import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BindingsReader } from './bindings-reader.ts'
import type { Block, ProviderSchema } from './provider-schema.ts'
import { USED_PROVIDERS, type UsedProvider } from './used-resources.ts'

/**
 * Writes a file for each provider in used-resources.ts beside itself. README.md here says how the packages get into the folder
 * that it is given.
 */
async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true })
  const [packages] = positionals
  if (packages === undefined) throw new Error('usage: node extract.ts FOLDER (with aws/, google/ and so on)')
  for (const [name, used] of Object.entries(USED_PROVIDERS)) {
    const schema = await extract(used, join(packages, name))
    await writeFile(fileURLToPath(new URL(`${name}.json`, import.meta.url)), inLines(schema))
  }
}

async function extract(used: UsedProvider, folder: string): Promise<ProviderSchema> {
  const { prefix, sensitive } = used
  const read = async (directory: string, path: string) => {
    const source = await generatedTypeScript(join(folder, 'lib', directory, 'index.js'))
    const options = { nestsAttributes: prefix === 'cloudflare', sensitive }
    return { block: new BindingsReader(source, options).read(path), source }
  }
  const configured = await read('provider', prefix)
  const version = /registry\.terraform\.io\/providers\/\w+\/\w+\/([\d.]+)\//.exec(configured.source)?.[1]
  if (version === undefined) throw new Error(`${folder}: which version of the provider is not said`)
  const all = async (types: string[], kind: string): Promise<Record<string, Block>> => {
    const entries = types.map(async (type): Promise<[string, Block]> => {
      const directory = `${kind}${type.replace(`${prefix}_`, '').replaceAll('_', '-')}`
      return [type, (await read(directory, type)).block]
    })
    return Object.fromEntries(await Promise.all(entries))
  }
  return {
    source: used.source,
    version,
    origin: used.package,
    provider: configured.block,
    resource_schemas: await all(used.resources, ''),
    data_source_schemas: await all(used.data, `data-${prefix}-`),
  }
}

/** The packages hold JavaScript, whose source maps hold the TypeScript. */
async function generatedTypeScript(file: string): Promise<string> {
  const encoded = /sourceMappingURL=data:application\/json;base64,(\S+)/.exec(
    await readFile(file, 'utf8'),
  )?.[1]
  const map = JSON.parse(Buffer.from(encoded ?? '', 'base64').toString()) as { sourcesContent: string[] }
  return map.sourcesContent[0] ?? ''
}

/** An attribute a line, so that a changed schema makes a diff that can be read. */
function inLines(value: unknown, indent = ''): string {
  const text = JSON.stringify(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || text.length < 60) return text
  if ('type' in value && (typeof value.type === 'string' || Array.isArray(value.type))) return text
  const inner = `${indent} `
  const lines = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${inLines(member, inner)}`,
  )
  return `{\n${lines.join(',\n')}\n${indent}}${indent === '' ? '\n' : ''}`
}

await main()
