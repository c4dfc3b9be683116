import { expect, test } from 'vitest'
import { modelManifestSchema } from '../shared/model-manifest.ts'
import { withDecodableFormats } from './decodable-formats.ts'
import { ModelPackageError } from './models/model-package.ts'

const manifest = modelManifestSchema.parse({
  name: 'm',
  version: '1',
  task: 'classification',
  input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [32, 32, 3] },
  resize: { mode: 'stretch', size: 32, crop: 32, kernel: 'cubic' },
  decode: { at: 'auto', formats: ['heic', 'avif', 'jxl', 'tiff'], truncated: 'accept' },
  outputs: { probabilities: 'p', indices: 'i' },
})

test('types that cannot be decoded are left out, and said; all else stays', () => {
  expect(withDecodableFormats(manifest, ['jpeg', 'avif', 'tiff'])).toEqual({
    manifest: { ...manifest, decode: { at: 'auto', formats: ['avif', 'tiff'], truncated: 'accept' } },
    left: ['heic', 'jxl'],
  })
})

test('a manifest of which no type is left is refused with the types in question', () => {
  const cut = () => withDecodableFormats(manifest, ['jpeg', 'png'])
  expect(cut).toThrow(ModelPackageError)
  expect(cut).toThrow(/HEIC, AVIF, JPEG XL, TIFF.*JPEG, PNG/)
})
