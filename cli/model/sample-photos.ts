import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { ProblemError } from '../../shared/errors.ts'
import type { Resize } from '../../shared/model-manifest.ts'
import { createSharpDecoder } from '../../shared/sharp-decoder.ts'
import { decodableTypes, prepareSharpForUploads } from '../../shared/sharp-loaders.ts'
import { reasonOf, UserError } from '../user-error.ts'

/** Photos that come with the project. */
export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

const MAX_PIXELS = 100_000_000
const TIMEOUT_SECONDS = 30

/**
 * All photos of a folder as a model takes them, in the order of their names: decoded and resized as a pool would. Files that are
 * no photos are passed over. Throws UserError if there are no photos, or one is damaged.
 */
export async function samplePhotos(folder: string, resize: Resize): Promise<Uint8Array[]> {
  prepareSharpForUploads(sharp)
  const limits = { maxPixels: MAX_PIXELS, timeoutSeconds: TIMEOUT_SECONDS }
  const decode = createSharpDecoder(sharp, { types: await decodableTypes(sharp), ...limits })
  const rules = { resize, decode: { at: 'pool' as const, formats: [], truncated: 'refuse' as const } }
  const photos: Uint8Array[] = []
  for (const path of await filesIn(folder)) {
    try {
      photos.push(await decode(await readFile(path), rules))
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      if (error.code !== 'unsupported-image' && error.code !== 'empty-image')
        throw new UserError(`${path}: ${error.detail} Take it out of --photos`)
    }
  }
  if (photos.length === 0) throw new UserError(`${folder}: holds no photos; give --photos a folder of some`)
  return photos
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot be listed (${reasonOf(error)}); give --photos a folder of photos`)
  })
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
  return names.sort().map((name) => join(folder, name))
}
