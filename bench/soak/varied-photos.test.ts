import sharp from 'sharp'
import { expect, test } from 'vitest'
import { VariedPhotos } from './varied-photos.ts'

/** As small as a model's input, where small differences might be lost. */
async function inputOf(photo: Buffer): Promise<string> {
  const pixels = await sharp(photo).resize(224, 224, { fit: 'cover' }).raw().toBuffer()
  return pixels.toString('base64')
}

test('no two photos make the same input of a model', async () => {
  const photos = await VariedPhotos.read(0)
  const inputs = new Set<string>()
  for (let i = 0; i < 64; i++) inputs.add(await inputOf(photos.next()))
  expect(inputs.size).toBe(64)
})

test('photos from another number on are not those from the first on', async () => {
  const [first, later] = [await VariedPhotos.read(0), await VariedPhotos.read(50_000)]
  const before = new Set(Array.from({ length: 1_000 }, () => first.next().toString('base64')))
  for (let i = 0; i < 1_000; i++) expect(before.has(later.next().toString('base64'))).toBe(false)
})
