import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { smallManifest, type TaskFields } from './small-models.ts'

/** To be removed. */
export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'edgebatch-models-'))
}

/** A folder of this test's own. */
export async function temporaryFolder(): Promise<string> {
  const folder = await makeFolder()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Files of a package, as good as the repository looks at them: nobody runs the graph. */
export interface PackageContent {
  manifest?: Partial<TaskFields>
  files?: Record<string, Uint8Array | string>
}

const EMBEDDING: TaskFields = { task: 'embedding', outputs: { embedding: 'embedding' } }

/** Writes a package into `root/name/version`; returns its folder. */
export function writePackage(root: string, id: string, content: PackageContent = {}): Promise<string> {
  const [name = '', version = ''] = id.split('@')
  return writePackageInto(join(root, name, version), id, content)
}

export async function writePackageInto(
  folder: string,
  id: string,
  { manifest = {}, files = {} }: PackageContent = {},
): Promise<string> {
  const [name = '', version = ''] = id.split('@')
  await mkdir(folder, { recursive: true })
  const written = smallManifest({ ...EMBEDDING, name, version, ...manifest } as TaskFields)
  const all = { 'model.json': JSON.stringify(written), 'model.onnx': 'graph', ...files }
  for (const [file, text] of Object.entries(all)) await writeFile(join(folder, file), text)
  return folder
}
