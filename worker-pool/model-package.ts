import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type ModelManifest, modelManifestSchema } from '../shared/model-manifest.ts'

/** A model package on disk: a folder with `model.json`, `model.onnx` and `labels.txt`. */
export interface ModelPackage {
  manifest: ModelManifest
  /** Path of the ONNX file. */
  graphPath: string
  /** One label a class, in class order. */
  labels: string[]
}

/** The package cannot be served. `message` says which file and why. */
export class ModelPackageError extends Error {
  override readonly name = 'ModelPackageError'
}

export async function loadModelPackage(folder: string): Promise<ModelPackage> {
  const manifest = parseManifest(await readText(folder, 'model.json'), join(folder, 'model.json'))
  const labels = (await readText(folder, 'labels.txt')).split(/\r?\n/)
  if (labels.at(-1) === '') labels.pop()
  const graphPath = join(folder, 'model.onnx')
  const graph = await stat(graphPath).catch(() => undefined)
  if (!graph?.isFile()) throw new ModelPackageError(`${graphPath}: there is no such file`)
  return { manifest, graphPath, labels }
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
