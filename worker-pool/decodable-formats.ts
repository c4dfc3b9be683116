import { IMAGE_TYPE_NAMES, type ImageType } from '../shared/image-type.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import { ModelPackageError } from './models/model-package.ts'

/**
 * The manifest as this pool can keep it: `decode.formats` without the types that are not among `decodable`, so that the edge
 * refuses them at once. `left` are those. Throws ModelPackageError if none remains.
 */
export function withDecodableFormats(
  manifest: ModelManifest,
  decodable: readonly ImageType[],
): { manifest: ModelManifest; left: ImageType[] } {
  const wanted = manifest.decode.formats
  const formats = wanted.filter((type) => decodable.includes(type))
  if (formats.length === 0) {
    throw new ModelPackageError(
      `${manifest.name}: decode.formats lists ${namesOf(wanted)}, and this pool's sharp decodes none of them, only ${namesOf(decodable)}`,
    )
  }
  return {
    manifest: { ...manifest, decode: { ...manifest.decode, formats } },
    left: wanted.filter((type) => !formats.includes(type)),
  }
}

function namesOf(types: readonly ImageType[]): string {
  return types.map((type) => IMAGE_TYPE_NAMES[type]).join(', ')
}
