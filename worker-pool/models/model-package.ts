import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type ModelManifest, modelManifestSchema } from '../../shared/model-manifest.ts'

/** A model package on disk: a folder with `model.json`, its graphs and, for classification, `labels.txt`. */
export interface ModelPackage {
  manifest: ModelManifest
  /** Paths of the ONNX files, in the order in which they are run. */
  graphPaths: string[]
  /** One label a class, in class order; empty for tasks without classes. */
  labels: string[]
}

/** The package cannot be served. `message` says which file and why. */
export class ModelPackageError extends Error {
  override readonly name = 'ModelPackageError'
}

export async function loadModelPackage(folder: string): Promise<ModelPackage> {
  const manifest = parseManifest(await readText(folder, 'model.json'), join(folder, 'model.json'))
  const labels = manifest.task === 'classification' ? labelsIn(await readText(folder, 'labels.txt')) : []
  const graphPaths = manifest.graphs.map((file) => join(folder, file))
  for (const path of graphPaths) {
    const graph = await stat(path).catch(() => undefined)
    if (!graph?.isFile()) throw new ModelPackageError(`${path}: there is no such file`)
  }
  return { manifest, graphPaths, labels }
}

function labelsIn(text: string): string[] {
  const labels = text.split(/\r?\n/)
  if (labels.at(-1) === '') labels.pop()
  return labels
}

async function readText(folder: string, file: string): Promise<string> {
  const path = join(folder, file)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new ModelPackageError(missing ? `${path}: there is no such file` : `${path}: cannot be read`, {
      cause: error,
    })
  }
}

function parseManifest(text: string, path: string): ModelManifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ModelPackageError(`${path}: is not JSON`, { cause: error })
  }
  const parsed = modelManifestSchema.safeParse(json)
  if (!parsed.success) throw new ModelPackageError(`${path}:\n${z.prettifyError(parsed.error)}`)
  return parsed.data
}
