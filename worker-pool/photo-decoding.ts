import type { ImageType } from '../shared/image-type.ts'
import type { ModelManifest } from '../shared/model-manifest.ts'
import type { PhotoDecoder } from '../shared/photo-decoder.ts'
import { createSharpDecoder } from '../shared/sharp-decoder.ts'
import { decodableTypes, prepareSharpForUploads } from '../shared/sharp-loaders.ts'
import { withDecodableFormats } from './decodable-formats.ts'
import { ModelPackageError } from './models/model-package.ts'

export interface PhotoLimits {
  /** Of one photo. */
  maxPixels: number
  /** After which decoding one is given up. */
  timeoutSeconds: number
  /** Holds back photos while as many as may be are being decoded, whatever model they are for. */
  turn: <T>(decode: () => Promise<T>) => Promise<T>
}

export interface PreparedPhotos {
  /** With the types that can be decoded here. */
  manifest: ModelManifest
  /** Undefined for a model that takes no encoded photos. */
  photos: PhotoDecoder | undefined
  /** Types that the model lists and that cannot be decoded here. */
  left: ImageType[]
}

/**
 * What it takes to decode photos for a model here. Only for one that takes them encoded is sharp loaded. Each photo has one thread:
 * several photos are decoded at the same time. Throws ModelPackageError if none of its types can be decoded.
 */
export async function preparePhotos(manifest: ModelManifest, limits: PhotoLimits): Promise<PreparedPhotos> {
  if (manifest.decode.formats.length === 0) return { manifest, photos: undefined, left: [] }
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw new ModelPackageError(`${manifest.name}: decode.formats needs sharp, which cannot be loaded`, {
      cause,
    })
  })
  sharp.concurrency(1)
  prepareSharpForUploads(sharp)
  const { manifest: served, left } = withDecodableFormats(manifest, await decodableTypes(sharp))
  const { maxPixels, timeoutSeconds, turn } = limits
  const decode = createSharpDecoder(sharp, { types: served.decode.formats, maxPixels, timeoutSeconds })
  return { manifest: served, photos: (file, rules) => turn(() => decode(file, rules)), left }
}
