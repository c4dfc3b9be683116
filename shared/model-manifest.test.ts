import { describe, expect, test } from 'vitest'
import { modelManifestSchema, modelNameSchema, resizeSchema } from './model-manifest.ts'

const manifest = {
  name: 'm',
  version: '1',
  task: 'classification',
  input: { name: 'image', dtype: 'uint8', layout: 'nhwc', shape: [224, 224, 3] },
  resize: { mode: 'cover', size: 256, crop: 224, kernel: 'cubic' },
  outputs: { probabilities: 'probabilities', indices: 'indices' },
}
const isManifest = (changes: Record<string, unknown>) =>
  modelManifestSchema.safeParse({ ...manifest, ...changes }).success
const isResize = (mode: string, size: number, crop: number) =>
  resizeSchema.safeParse({ mode, size, crop, kernel: 'triangle' }).success

describe('crop', () => {
  test('of "cover" may be as large as size, and no larger', () => {
    expect(isResize('cover', 256, 224)).toBe(true)
    expect(isResize('cover', 256, 256)).toBe(true)
    expect(isResize('cover', 256, 257)).toBe(false)
  })

  test.each(['contain', 'stretch'])('of "%s" equals size', (mode) => {
    expect(isResize(mode, 224, 224)).toBe(true)
    expect(isResize(mode, 224, 223)).toBe(false)
    expect(isResize(mode, 224, 225)).toBe(false)
  })

  test('is a whole number of 1 to 4096', () => {
    expect(isResize('cover', 4096, 1)).toBe(true)
    expect(isResize('cover', 4097, 1)).toBe(false)
    expect(isResize('cover', 224, 0)).toBe(false)
    expect(isResize('cover', 224, 1.5)).toBe(false)
  })
})

describe('decode', () => {
  const decoded = (decode: unknown) => modelManifestSchema.safeParse({ ...manifest, decode })

  test('is at the edge, for whole photos only, unless the owner says otherwise', () => {
    const safe = { at: 'edge', formats: [], truncated: 'refuse' }
    expect(modelManifestSchema.parse(manifest).decode).toEqual(safe)
    expect(decoded({ truncated: 'accept' }).data?.decode).toEqual({ ...safe, truncated: 'accept' })
  })

  test.each(['auto', 'pool'])('"%s" says which types may travel encoded', (at) => {
    expect(decoded({ at, formats: ['avif', 'tiff'] }).success).toBe(true)
    expect(decoded({ at, formats: [] }).success).toBe(false)
    expect(decoded({ at }).success).toBe(false)
    expect(decoded({ at, formats: ['exe'] }).success).toBe(false)
  })

  test('"edge" lets none travel encoded', () => {
    expect(decoded({ at: 'edge', formats: ['avif'] }).success).toBe(false)
  })
})

describe('input.shape', () => {
  const withShape = (...shape: number[]) => isManifest({ input: { ...manifest.input, shape } })

  test('is crop x crop x 3', () => {
    expect(withShape(224, 224, 3)).toBe(true)
  })

  test.each([
    ['size instead of crop', [256, 256, 3]],
    ['a wrong height', [225, 224, 3]],
    ['a wrong width', [224, 225, 3]],
    ['one channel', [224, 224, 1]],
    ['an alpha channel', [224, 224, 4]],
    ['channels first', [3, 224, 224]],
    ['a batch dimension', [1, 224, 224, 3]],
    ['too few sides', [224, 224]],
  ])('is not %s', (_, shape) => {
    expect(withShape(...shape)).toBe(false)
  })

  test('that contradicts resize is named in the error', () => {
    const result = modelManifestSchema.safeParse({
      ...manifest,
      resize: { ...manifest.resize, crop: 192 },
    })
    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual(['input.shape'])
  })
})

test.each([
  ['another task', { task: 'detection' }],
  ['another dtype', { input: { ...manifest.input, dtype: 'float32' } }],
  ['another layout', { input: { ...manifest.input, layout: 'nchw' } }],
  ['an unknown kernel', { resize: { ...manifest.resize, kernel: 'nearest' } }],
  ['an unknown resize mode', { resize: { ...manifest.resize, mode: 'fill' } }],
  ['an unnamed output', { outputs: { probabilities: 'p', indices: '' } }],
  ['no version', { version: '' }],
  ['a version with a slash', { version: '1/2' }],
])('a manifest with %s is refused', (_, changes) => {
  expect(isManifest(changes)).toBe(false)
})

test('a manifest survives the JSON in which it is announced', () => {
  const parsed = modelManifestSchema.parse({ ...manifest, description: 'ä "model"', license: 'MIT' })
  expect(modelManifestSchema.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed)
})

describe('deadlines and the lifetime of results that are given again', () => {
  test.each([
    [{}],
    [{ deadline_seconds: { default: 30 } }],
    [{ deadline_seconds: { max: 86_400 } }],
    [{ deadline_seconds: { default: 60, max: 60 }, cache_ttl_seconds: 0 }],
    [{ cache_ttl_seconds: 3_600 }],
  ])('may be %j', (serving) => {
    expect(modelManifestSchema.parse({ ...manifest, serving }).serving).toMatchObject(serving)
  })

  test.each([
    [{ deadline_seconds: { default: 61, max: 60 } }],
    [{ deadline_seconds: { default: 0 } }],
    [{ deadline_seconds: { max: 86_401 } }],
    [{ cache_ttl_seconds: -1 }],
    [{ cache_ttl_seconds: 0.5 }],
  ])('may not be %j', (serving) => {
    expect(isManifest({ serving })).toBe(false)
  })
})

describe('a model name', () => {
  test.each(['m', '0', 'efficientnet-lite0', 'v1.0_x', 'a'.repeat(64)])('may be %s', (name) => {
    expect(modelNameSchema.safeParse(name).success).toBe(true)
  })

  test.each(['', '.', '..', '-m', '_m', 'M', 'a b', 'a/b', 'a:b', 'a{b}', 'a'.repeat(65), 'm\n'])(
    'may not be %j',
    (name) => {
      expect(modelNameSchema.safeParse(name).success).toBe(false)
    },
  )
})
