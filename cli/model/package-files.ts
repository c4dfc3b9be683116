import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { type ModelManifest, modelManifestSchema } from '../../shared/model-manifest.ts'
import { conversionSchema } from '../onnx/conversion.ts'
import { UserError } from '../user-error.ts'

/** `origin.json`: what a package was made of, so that it can be held against that again. */
export const originSchema = z.object({
  file: z.string(),
  sha256: z.string(),
  conversion: conversionSchema,
})
export type Origin = z.infer<typeof originSchema>

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Throws UserError if the folder has no valid `model.json`. */
export async function readManifest(folder: string): Promise<ModelManifest> {
  const manifest = await readJson(join(folder, 'model.json'), modelManifestSchema)
  if (!manifest)
    throw new UserError(`${folder}: has no model.json; give the folder of a version, as in models/NAME/1`)
  return manifest
}

export function readOrigin(folder: string): Promise<Origin | undefined> {
  return readJson(join(folder, 'origin.json'), originSchema)
}

/** Labels, one a class, in class order; undefined if there is no such file. */
export async function readLabels(path: string): Promise<string[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  // What Windows' editors begin a file with is no part of the first label.
  const labels = text?.replace(/^\ufeff/, '').split(/\r?\n/)
  while (labels?.at(-1) === '') labels.pop()
  return labels
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new UserError(`${path}: is not JSON`)
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(`${path}: ${issue?.path.join('.')}: ${issue?.message}`)
}
