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

/** It could not be read for a reason that may pass. */
export class PackageUnreadableError extends Error {
  override readonly name = 'PackageUnreadableError'
}

/** What stays as it is until somebody mends it. Anything else may pass: a disk or a server that fails, too many open files. */
const TO_BE_MENDED = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES', 'EPERM'])

/** What to throw if `path` cannot be read for `error`: PackageUnreadableError if that may pass by itself, else ModelPackageError. */
export function unreadable(path: string, error: unknown, kind: 'file' | 'folder' = 'file'): Error {
  if (error instanceof ModelPackageError || error instanceof PackageUnreadableError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const reason = code === undefined ? message : `cannot be read (${code})`
  const whole = `${path}: ${code === 'ENOENT' ? `there is no such ${kind}` : reason}`
  const mayPass = code === undefined || !TO_BE_MENDED.has(code)
  return new (mayPass ? PackageUnreadableError : ModelPackageError)(whole, { cause: error })
}

/** Throws ModelPackageError if the package will not do, PackageUnreadableError if it cannot be read now. */
export async function loadModelPackage(folder: string): Promise<ModelPackage> {
  const manifest = parseManifest(await readText(folder, 'model.json'), join(folder, 'model.json'))
  const labels = manifest.task === 'classification' ? labelsIn(await readText(folder, 'labels.txt')) : []
  const graphPaths = manifest.graphs.map((file) => join(folder, file))
  for (const path of graphPaths) {
    const graph = await stat(path).catch((error: unknown) => {
      throw unreadable(path, error)
    })
    if (!graph.isFile()) throw new ModelPackageError(`${path}: there is no such file`)
  }
  return { manifest, graphPaths, labels }
}

function labelsIn(text: string): string[] {
  // What Windows' editors begin a file with is no part of the first label.
  const labels = text.replace(/^\ufeff/, '').split(/\r?\n/)
  if (labels.at(-1) === '') labels.pop()
  return labels
}

function readText(folder: string, file: string): Promise<string> {
  const path = join(folder, file)
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, error)
  })
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
