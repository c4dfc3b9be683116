import { IMAGE_TYPES, type ImageType } from './image-type.ts'
import type { SharpModule } from './sharp-decoder.ts'

/**
 * libvips' loaders for the types of photos. What is not among them is never reached, whatever a file looks like: SVG, PDF,
 * ImageMagick's hundred formats (hence no BMP), and the one for JPEG with a gain map, whose plain picture the JPEG loader reads.
 */
const PHOTO_LOADERS: readonly string[] = [
  'VipsForeignLoadJpeg',
  'VipsForeignLoadPng',
  'VipsForeignLoadWebp',
  'VipsForeignLoadNsgif',
  'VipsForeignLoadHeif',
  'VipsForeignLoadTiff',
  'VipsForeignLoadJxl',
  'VipsForeignLoadJp2k',
]

/**
 * Makes sharp fit for files from strangers, for the whole process; for entry files. All loaders but those of photos are
 * blocked. Nothing is cached: no file is decoded twice, and for a damaged one the cache would keep what its codec had
 * reserved (150 MB were seen for a progressive JPEG of 49 megapixels, for each of up to 100 operations).
 */
export function prepareSharpForUploads(sharp: SharpModule): void {
  sharp.cache(false)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: [...PHOTO_LOADERS] })
}

/** A loader that is there can decode: it is one library. */
const BY_LOADER = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'jxl', 'jp2'] as const

/**
 * AVIF and HEIC share a loader, whose codecs are there or not (HEIC's are patented, and missing from sharp's own binaries).
 * Nothing tells but trying: each is a grey picture in base64, of 8 x 8 pixels for AVIF and 64 x 64 for HEIC.
 */
const BY_TRIAL: readonly (readonly [type: ImageType, picture: string])[] = [
  [
    'avif',
    'AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERA' +
      'AAEAAQAAAAAA+gABAAAAAAAAAB0AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAA' +
      'AAxhdjFDgQAMAAAAABRpc3BlAAAAAAAAAAgAAAAIAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAlbWRhdBIACggYCL9sgIaD' +
      'QjIPHseHhVnAACwAACCQNZaA',
  ],
  [
    'heic',
    'AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERA' +
      'AAEAAQAAAAABegABAAAAAAAAAA4AAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAA' +
      'AHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq' +
      'SSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAABBwaXhpAAAAAAMICAgA' +
      'AAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAABZtZGF0AAAACigBrwQY/ErXm8A=',
  ],
]

/**
 * The types that this build of sharp decodes, most common first. Some are tried, hence the promise; it never rejects.
 * To be called after `prepareSharpForUploads`.
 */
export async function decodableTypes(sharp: SharpModule): Promise<ImageType[]> {
  const tried = await Promise.all(
    BY_TRIAL.map(async ([type, picture]) => ((await decodes(sharp, picture)) ? type : undefined)),
  )
  const found = new Set<ImageType | undefined>(tried)
  for (const type of BY_LOADER) if (sharp.format[type]?.input.buffer) found.add(type)
  return IMAGE_TYPES.filter((type) => found.has(type))
}

async function decodes(sharp: SharpModule, picture: string): Promise<boolean> {
  const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0))
  return sharp(bytes)
    .raw()
    .toBuffer()
    .then(
      () => true,
      () => false,
    )
}
