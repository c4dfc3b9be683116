import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as z from 'zod'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import type { decodeSchema } from '../../shared/model-manifest.ts'

/** The package that comes with the project. */
export const BUNDLED_MODEL = join(PROJECT_ROOT, 'models', 'efficientnet-lite0', '1')

/** Settings of a pool that serves one package, whatever lies beside it and in the environment. */
export function onlyModel(folder: string): Record<string, string> {
  return { MODEL_DIR: folder, MODELS: '' }
}

/** The project's own model in a package whose manifest has photos decoded in another way. To be removed. */
export async function packageDecoding(
  decode: z.input<typeof decodeSchema>,
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-package-'))
  const manifest = JSON.parse(await readFile(join(BUNDLED_MODEL, 'model.json'), 'utf8'))
  await writeFile(join(folder, 'model.json'), JSON.stringify({ ...manifest, decode }))
  for (const file of ['model.onnx', 'labels.txt'])
    await symlink(join(BUNDLED_MODEL, file), join(folder, file))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
