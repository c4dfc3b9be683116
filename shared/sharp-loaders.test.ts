import sharp from 'sharp'
import { afterEach, expect, test } from 'vitest'
import { scene } from '../test/support/scene.ts'
import { decodableTypes, prepareSharpForUploads } from './sharp-loaders.ts'

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')

// What is set is set for the process.
afterEach(() => {
  sharp.unblock({ operation: ['VipsForeignLoad'] })
  sharp.cache(true)
})

test('sharp as it comes from npm decodes six types, and HEIC is not among them although it reads its headers', async () => {
  expect(await decodableTypes(sharp)).toEqual(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'])
})

test('only the loaders of photos are left, and all of these', async () => {
  expect(await sharp(SVG).metadata()).toMatchObject({ format: 'svg' })
  const before = await decodableTypes(sharp)
  prepareSharpForUploads(sharp)
  await expect(sharp(SVG).metadata()).rejects.toThrow('unsupported image format')
  expect(await decodableTypes(sharp)).toEqual(before)
  for (const type of ['jpeg', 'png', 'webp', 'gif', 'tiff'] as const) {
    const file = await scene(30, 20).toFormat(type).toBuffer()
    expect(await sharp(file).metadata()).toMatchObject({ width: 30, height: 20 })
  }
})
