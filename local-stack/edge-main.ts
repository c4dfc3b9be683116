import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { unstable_readConfig } from 'wrangler'
import * as z from 'zod'
import { portNumber, readConfiguration } from '../shared/read-configuration.ts'
import { PROJECT_ROOT } from './project-root.ts'

const envSchema = z.object({
  /** Folder with the bundle. */
  EDGE_BUNDLE: z.string().min(1),
  PORT: portNumber,
  /** Bindings over and above the variables in wrangler.toml: a JSON object of strings. */
  EDGE_BINDINGS: z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  /** Where V8's inspector listens, for debuggers and for looking at memory; unset: nowhere. */
  INSPECTOR_PORT: portNumber.optional(),
  /** Set: a request to /cdn-cgi/local/scheduled is what a cron trigger's event is on Cloudflare. */
  TRIGGERS: z.string().optional(),
})

/**
 * Entry: the bundled edge in workerd, with the compatibility settings and variables of wrangler.toml. A process of its own,
 * since miniflare ends its process on Ctrl-C. Says `ready` with its URL to its parent (IPC).
 */
async function main(): Promise<void> {
  const { EDGE_BUNDLE, PORT, EDGE_BINDINGS, INSPECTOR_PORT, TRIGGERS } = readConfiguration(
    envSchema,
    process.env,
  )
  const wrangler = unstable_readConfig({ config: join(PROJECT_ROOT, 'wrangler.toml') })
  const variables = Object.entries({ ...wrangler.vars, ...EDGE_BINDINGS })
  const server = new Miniflare({
    host: '127.0.0.1',
    port: PORT,
    cf: false,
    unsafeTriggerHandlers: TRIGGERS !== undefined,
    ...(INSPECTOR_PORT === undefined ? {} : { inspectorPort: INSPECTOR_PORT }),
    workers: [
      {
        config: {
          name: wrangler.name ?? 'edgebatch',
          compatibilityDate: wrangler.compatibility_date ?? '',
          compatibilityFlags: wrangler.compatibility_flags,
          manifest: await readModules(EDGE_BUNDLE),
          env: Object.fromEntries(
            variables.map(([name, value]) => [name, { type: 'text', value: String(value) }]),
          ),
        },
      },
    ],
  })
  const { origin } = await server.ready
  const inspectorUrl = INSPECTOR_PORT === undefined ? undefined : httpUrl(await server.getInspectorURL())
  process.send?.({ type: 'ready', url: origin, inspectorUrl })
  const stop = () => server.dispose().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('disconnect', stop)
}

/** The inspector says which workers there are over HTTP. */
function httpUrl(webSocketUrl: URL): string {
  return String(webSocketUrl).replace(/^ws/, 'http')
}

type Module = { type: 'esm' | 'wasm'; contents: Uint8Array<ArrayBuffer> }

/** A bundle has one JavaScript file: its main module. */
async function readModules(folder: string): Promise<{ mainModule: string; modules: Record<string, Module> }> {
  const files = await readdir(folder)
  const mainModule = files.find((file) => file.endsWith('.js'))
  if (mainModule === undefined) throw new Error(`${folder} holds no bundle`)
  const wanted = files.filter((file) => file === mainModule || file.endsWith('.wasm'))
  const entries = wanted.map(async (file): Promise<[string, Module]> => {
    const type = file === mainModule ? 'esm' : 'wasm'
    return [file, { type, contents: new Uint8Array(await readFile(join(folder, file))) }]
  })
  return { mainModule, modules: Object.fromEntries(await Promise.all(entries)) }
}

main().catch((error: unknown) => {
  process.stderr.write(`edge: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})
