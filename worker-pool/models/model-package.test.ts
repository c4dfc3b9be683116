import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { modelManifestSchema } from '../../shared/model-manifest.ts'
import { smallManifest, type TaskFields } from '../../test/support/small-models.ts'
import { loadModelPackage, ModelPackageError } from './model-package.ts'

const REAL = 'models/efficientnet-lite0/1'

/** A folder with the files of a model package; null leaves one out. */
async function packageWith(files: Record<string, string | null> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edgebatch-package-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const all = {
    'model.json': await readFile(join(REAL, 'model.json'), 'utf8'),
    'labels.txt': 'ant\nbee\n',
    'model.onnx': 'graph',
    ...files,
  }
  for (const [name, text] of Object.entries(all)) if (text !== null) await writeFile(join(folder, name), text)
  return folder
}

async function refusalOf(folder: string): Promise<string> {
  const error = await loadModelPackage(folder).then(
    () => undefined,
    (error) => error,
  )
  expect(error).toBeInstanceOf(ModelPackageError)
  return (error as ModelPackageError).message
}

describe('a model package', () => {
  test('is a manifest, labels and the path of a graph', async () => {
    const folder = await packageWith()
    const written = JSON.parse(await readFile(join(REAL, 'model.json'), 'utf8'))
    expect(await loadModelPackage(folder)).toEqual({
      manifest: modelManifestSchema.parse(written),
      labels: ['ant', 'bee'],
      graphPaths: [join(folder, 'model.onnx')],
    })
  })

  test.each(['embedding', 'tensor'] as const)('of the task %s needs no labels', async (task) => {
    const outputs = task === 'embedding' ? { embedding: 'e' } : { tensors: ['t'] }
    const manifest = JSON.stringify(smallManifest({ task, outputs } as TaskFields))
    const folder = await packageWith({ 'model.json': manifest, 'labels.txt': null })
    expect((await loadModelPackage(folder)).labels).toEqual([])
  })

  test('may be a chain of graphs, in the order of the manifest', async () => {
    const graphs = ['pre.onnx', 'model.onnx', 'post.onnx']
    const folder = await packageWith({
      ...(await chainOf(graphs)),
      'post.onnx': 'graph',
      'pre.onnx': 'graph',
    })
    expect((await loadModelPackage(folder)).graphPaths).toEqual(graphs.map((file) => join(folder, file)))
  })

  test.each([
    ['no line feed at the end', 'ant\nbee'],
    ['the line ends of Windows', 'ant\r\nbee\r\n'],
  ])('may have labels with %s', async (_, text) => {
    expect((await loadModelPackage(await packageWith({ 'labels.txt': text }))).labels).toEqual(['ant', 'bee'])
  })

  test('keeps an empty line among the labels, so that the classes after it keep theirs', async () => {
    const folder = await packageWith({ 'labels.txt': 'ant\n\nbee\n' })
    expect((await loadModelPackage(folder)).labels).toEqual(['ant', '', 'bee'])
  })
})

/** The real manifest with these graphs. */
async function chainOf(graphs: string[]): Promise<Record<string, string>> {
  const manifest = JSON.parse(await readFile(join(REAL, 'model.json'), 'utf8'))
  return { 'model.json': JSON.stringify({ ...manifest, graphs }) }
}

describe('a package that will not do is refused with the name of the file', () => {
  test('if the folder is missing', async () => {
    const folder = join(tmpdir(), `edgebatch-${crypto.randomUUID()}`)
    expect(await refusalOf(folder)).toBe(`${join(folder, 'model.json')}: there is no such file`)
  })

  test.each(['model.json', 'labels.txt', 'model.onnx'])('if %s is missing', async (file) => {
    const folder = await packageWith({ [file]: null })
    expect(await refusalOf(folder)).toBe(`${join(folder, file)}: there is no such file`)
  })

  test.each(['model.json', 'labels.txt', 'model.onnx'])('if %s is a folder', async (file) => {
    const folder = await packageWith({ [file]: null })
    await mkdir(join(folder, file))
    expect(await refusalOf(folder)).toContain(join(folder, file))
  })

  test('if a graph of the chain is missing', async () => {
    const folder = await packageWith(await chainOf(['model.onnx', 'post.onnx']))
    expect(await refusalOf(folder)).toBe(`${join(folder, 'post.onnx')}: there is no such file`)
  })

  test.each([
    ['empty', ''],
    ['cut off', '{"name": "m"'],
    ['no JSON', 'name: m'],
  ])('if model.json is %s', async (_, text) => {
    const folder = await packageWith({ 'model.json': text })
    expect(await refusalOf(folder)).toBe(`${join(folder, 'model.json')}: is not JSON`)
  })

  test('if the manifest is wrong, with the place and the reason', async () => {
    const manifest = JSON.parse(await readFile(join(REAL, 'model.json'), 'utf8'))
    manifest.name = 'Bad Name'
    manifest.resize.kernel = 'nearest'
    const folder = await packageWith({ 'model.json': JSON.stringify(manifest) })
    const message = await refusalOf(folder)
    expect(message).toContain(join(folder, 'model.json'))
    expect(message).toContain('name')
    expect(message).toContain('resize.kernel')
  })

  test('if the manifest is JSON but no object', async () => {
    const folder = await packageWith({ 'model.json': '[]' })
    expect(await refusalOf(folder)).toContain(join(folder, 'model.json'))
  })
})
