import { join } from 'node:path'
import sharp from 'sharp'
import { PROJECT_ROOT } from '../local-stack/project-root.ts'
import type { Resize } from '../shared/model-manifest.ts'

const PHOTOS = ['cat.png', 'coffee.png', 'rocket.jpg']

/**
 * `n` model inputs, one after another: the example photos as the edge would send them (uint8, crop x crop x RGB), over and
 * over. Each has its number in its first four bytes: no two are equal, so that nothing on the way can know the answer already.
 */
export async function exampleImages(n: number, { size, crop }: Resize): Promise<Uint8Array[]> {
  const photos = await Promise.all(PHOTOS.map((name) => croppedPhoto(name, size, crop)))
  return Array.from({ length: n }, (_, i) => {
    const image = Buffer.from(photos[i % photos.length] as Buffer)
    image.writeUInt32LE(i)
    return image
  })
}

/** Whatever the manifest's mode: how a photo is fitted in makes no difference to how long it takes the model. */
async function croppedPhoto(name: string, size: number, crop: number): Promise<Buffer> {
  const margin = Math.floor((size - crop) / 2)
  return sharp(join(PROJECT_ROOT, 'examples', name))
    .resize(size, size, { fit: 'cover' })
    .extract({ left: margin, top: margin, width: crop, height: crop })
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer()
}
