import * as z from 'zod'
import { modelNameSchema, modelVersionSchema } from './model-manifest.ts'

/** A model, or one version of it, as people write it: `name` or `name@version`. */
export interface ModelReference {
  name: string
  version?: string | undefined
}

/** Names hold no `@`. What the parts look like is not checked. */
export function splitModelReference(text: string): ModelReference {
  const at = text.indexOf('@')
  return at < 0 ? { name: text } : { name: text.slice(0, at), version: text.slice(at + 1) }
}

/** The same as a setting. */
export const modelReferenceSchema = z
  .string()
  .transform(splitModelReference)
  .pipe(z.object({ name: modelNameSchema, version: modelVersionSchema.optional() }))

/** One version of a model, as Redis knows it. */
export function versionId({ name, version }: { name: string; version: string }): string {
  return `${name}@${version}`
}
