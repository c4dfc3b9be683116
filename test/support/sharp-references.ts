import sharp, { type Sharp } from 'sharp'
import type { TestProject } from 'vitest/node'
import type { SharpReference } from '../workerd/sharp-reference.ts'
import { example } from './photos.ts'

/** Provides photos to the tests in workerd, which have no files and no sharp, with what sharp makes of them. */
export default async function setup(project: TestProject): Promise<void> {
  const coffee = () => sharp(example('coffee.png'))
  const photos: [name: string, photo: Promise<Buffer>][] = [
    ['a JPEG', coffee().jpeg({ quality: 90 }).toBuffer()],
    [
      'a progressive JPEG at 4:4:4',
      coffee().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
    ],
    ['a JPEG that EXIF turns by 90 degrees', coffee().jpeg().withMetadata({ orientation: 6 }).toBuffer()],
    ['a large JPEG', coffee().resize(3000).jpeg().toBuffer()],
    ['a PNG', coffee().png().toBuffer()],
    ['a WebP', coffee().webp({ quality: 90 }).toBuffer()],
    ['a lossless WebP', coffee().webp({ lossless: true }).toBuffer()],
    ['a GIF', coffee().gif().toBuffer()],
  ]
  const references = photos.map(async ([name, photo]): Promise<SharpReference> => {
    const bytes = await photo
    return {
      name,
      photo: bytes.toString('base64'),
      expected: (await expectedOf(sharp(bytes))).toString('base64'),
    }
  })
  project.provide('sharpReferences', await Promise.all(references))
}

async function expectedOf(photo: Sharp): Promise<Buffer> {
  const square = await photo
    .rotate()
    .resize(256, 256, { fit: 'cover', kernel: 'cubic', fastShrinkOnLoad: false })
    .png()
    .toBuffer()
  return sharp(square).removeAlpha().extract({ left: 16, top: 16, width: 224, height: 224 }).raw().toBuffer()
}
