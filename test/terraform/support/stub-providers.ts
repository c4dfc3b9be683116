import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Server, ServerCredentials } from '@grpc/grpc-js'
import { selfSigned } from '../../support/self-signed.ts'
import { listen, providerServer } from '../provider/provider-server.ts'
import type { ProviderSchema } from '../schemas/provider-schema.ts'

/** Files in ../schemas; the version of a provider that modules are held against. */
export const NEWEST = ['aws', 'google', 'cloudflare', 'upstash']
/** The same with the older major versions that modules admit, too. */
export const OLDEST = ['aws', 'google-7', 'cloudflare', 'upstash']

/** The registry that addresses like `hashicorp/aws` are short for. */
const REGISTRY = 'registry.terraform.io'

const schemaFile = (provider: string) =>
  fileURLToPath(new URL(`../schemas/${provider}.json`, import.meta.url))
const pluginFile = fileURLToPath(new URL('../provider/main.ts', import.meta.url))

async function readSchema(name: string): Promise<ProviderSchema> {
  return JSON.parse(await readFile(schemaFile(name), 'utf8')) as ProviderSchema
}

/**
 * Fills a folder for `terraform init -plugin-dir`: executables that start provider/main.ts. Terraform chooses among them by
 * the version constraints of modules, as it would among a registry's.
 */
export async function writePlugins(folder: string, names: string[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const own = await selfSigned()
  await writeFile(key, own.key)
  await writeFile(cert, own.cert)
  for (const name of names) {
    const { source, version } = await readSchema(name)
    const plugins = join(folder, REGISTRY, source, version, terraformPlatform())
    await mkdir(plugins, { recursive: true })
    const plugin = join(plugins, `terraform-provider-${basename(source)}_v${version}`)
    const files = ['--schema', schemaFile(name), '--key', key, '--cert', cert]
    const command = [process.execPath, pluginFile, ...files].map((part) => `'${part}'`).join(' ')
    await writeFile(plugin, `#!/bin/sh\nexec ${command}\n`)
    await chmod(plugin, 0o755)
  }
}

/** As Go names operating systems and processors. */
function terraformPlatform(): string {
  return `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`
}

export interface RunningProviders {
  /** For the environment of Terraform: it takes these instead of starting plugins of its own. */
  variables: Record<string, string>
  stop: () => void
}

/** Serves all providers from this process. Terraform starts a plugin some ten times in a test run, and each start takes a while. */
export async function startProviders(folder: string, names: string[]): Promise<RunningProviders> {
  const servers: Server[] = []
  const reattach = names.map(async (name) => {
    const schema = await readSchema(name)
    const server = providerServer(schema, () => {})
    servers.push(server)
    const socket = join(folder, `${name}.sock`)
    await listen(server, socket, ServerCredentials.createInsecure())
    const address = { Network: 'unix', String: socket }
    const how = { Protocol: 'grpc', ProtocolVersion: 6, Pid: process.pid, Test: true, Addr: address }
    return [`${REGISTRY}/${schema.source}`, how]
  })
  return {
    variables: { TF_REATTACH_PROVIDERS: JSON.stringify(Object.fromEntries(await Promise.all(reattach))) },
    stop: () => {
      for (const server of servers) server.forceShutdown()
    },
  }
}
