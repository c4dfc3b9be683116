import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import * as z from 'zod'
import { dryRun } from './edge-bundle.ts'
import { PROJECT_ROOT } from './project-root.ts'

/** Beside the modules, and read by terraform/modules/edge. */
export const MANIFEST_FILE = 'edge-manifest.json'

/** What `wrangler deploy` would deploy, without the modules' contents. */
export interface EdgeManifest {
  main_module: string
  compatibility_date: string
  compatibility_flags: string[]
  observability: { enabled: boolean }
  /** `[vars]` of wrangler.toml. */
  variables: Record<string, string>
  crons: string[]
  modules: { name: string; file: string; content_type: string; sha256: string }[]
}

/** What wrangler tells Cloudflare of a Worker. Whatever else it told would be lost on the way through Terraform: then this has to learn it. */
const metadataSchema = z.strictObject({
  main_module: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  observability: z.strictObject({ enabled: z.boolean() }).default({ enabled: false }),
  bindings: z.array(z.strictObject({ name: z.string(), type: z.literal('plain_text'), text: z.string() })),
  /** Which bindings of the version before stay: all secrets. Terraform's module names them itself. */
  keep_bindings: z.array(z.string()).optional(),
  /** Told to Cloudflare's dashboard. */
  package_dependencies: z.unknown().optional(),
})

/**
 * Fills a folder with what `wrangler deploy` would upload: the modules, and a manifest of them. Throws with wrangler's words if it cannot be
 * bundled, and with what is unknown if wrangler.toml has settings that the manifest has no place for.
 */
export async function writeEdgeUpload(folder: string, env: Record<string, string>): Promise<string> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const outfile = join(folder, 'upload')
  const said = await dryRun(['--outfile', outfile], env)
  const form = await readForm(outfile)
  await rm(outfile)
  const { crons } = unstable_readConfig({ config: join(PROJECT_ROOT, 'wrangler.toml') }).triggers
  const manifest = manifestOf(String(form.get('metadata')), crons ?? [])
  for (const [name, part] of form) {
    if (typeof part === 'string') continue
    const contents = new Uint8Array(await part.arrayBuffer())
    const sha256 = createHash('sha256').update(contents).digest('hex')
    manifest.modules.push({ name, file: basename(name), content_type: part.type, sha256 })
    await writeFile(join(folder, basename(name)), contents)
  }
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  return said
}

/** A body begins with its boundary. */
async function readForm(file: string): Promise<FormData> {
  const body = await readFile(file)
  const boundary = body.toString('latin1', 2, body.indexOf('\r\n'))
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  return new Response(body, { headers }).formData()
}

/** Without modules. Throws with what is unknown in wrangler's metadata. */
export function manifestOf(metadata: string, crons: string[]): EdgeManifest {
  const { data, error } = metadataSchema.safeParse(JSON.parse(metadata))
  if (data === undefined) {
    throw new Error(
      `wrangler.toml sets what local-stack/edge-upload.ts cannot hand to Terraform:\n${z.prettifyError(error)}`,
    )
  }
  const { bindings, keep_bindings, package_dependencies, ...same } = data
  const variables = Object.fromEntries(bindings.map(({ name, text }) => [name, text]))
  return { ...same, variables, crons, modules: [] }
}
