import { appendFile, mkdir, rename, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder, writePackage, writePackageInto } from '../../test/support/package-folders.ts'
import { repositoryWith, scannedRepository } from '../../test/support/scanned-repository.ts'

describe('a package is picked up', () => {
  test('when it has stayed the same from one scan to the next', async () => {
    const { root, next } = await repositoryWith('m@1')
    await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2'])
    expect(await next()).toEqual([])
  })

  test('not while it is still being copied', async () => {
    const { root, next } = await repositoryWith('m@1')
    const folder = await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'model.onnx'), 'more of the graph')
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'labels.txt'), 'cat\n')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2'])
  })

  test.each([
    ['beside the old one', '.model.onnx.Xy12ab'],
    ['in a folder of the copying tool', '.~tmp~/model.onnx'],
    ['where a download is kept', '.cache/huggingface/download/onnx/model.onnx.incomplete'],
    ['in a subfolder', 'weights/model.onnx.data.part'],
  ])('not while its graph still grows under a passing name %s', async (_, name) => {
    const { root, next } = await repositoryWith('m@1')
    const folder = await writePackage(root, 'm@1', { files: { 'labels.txt': 'cat\n' } })
    const growing = join(folder, name)
    await mkdir(dirname(growing), { recursive: true })
    for (let i = 0; i < 3; i++) {
      await appendFile(growing, 'more of the graph')
      expect(await next()).toEqual([])
    }
    await rename(growing, join(folder, 'model.onnx'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('with what a copying tool has left behind beside it, once nobody writes there any more', async () => {
    const { root, next } = await repositoryWith('m@1')
    await writeFile(join(await writePackage(root, 'm@2'), '.model.onnx.Xy12ab'), 'half')
    await next()
    expect(await next()).toEqual(['+m@2'])
  })

  test('not sooner because it was looked at more often', async () => {
    const { root, next } = await repositoryWith('m@1')
    await writePackage(root, 'm@2')
    expect(await next()).toEqual([])
    for (let i = 0; i < 4; i++) expect(await next(1_000)).toEqual([])
    expect(await next(1_000)).toEqual(['+m@2'])
  })

  test('again when it is another copy', async () => {
    const { root, next } = await repositoryWith('m@1')
    await writePackage(root, 'm@1', { files: { 'model.onnx': 'another graph' } })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test.each<[string, (folder: string) => Promise<unknown>]>([
    ['the labels', (folder) => writeFile(join(folder, 'labels.txt'), 'cat\n')],
    ['a file beside the graph', (folder) => writeFile(join(folder, 'model.onnx.data'), 'weights')],
    ['the time of a file', (folder) => utimes(join(folder, 'model.onnx'), 1, 1)],
    [
      'nothing but the file itself',
      async (folder) => {
        const [graph, copy] = [join(folder, 'model.onnx'), join(folder, '.copy')]
        await utimes(graph, 1, 1)
        await writeFile(copy, 'graph')
        await utimes(copy, 1, 1)
        await rename(copy, graph)
      },
    ],
  ])('again when %s has changed', async (_, change) => {
    const { root, next } = await repositoryWith('m@1')
    await change(join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('again when weights in a subfolder have changed', async () => {
    const { root, first, next } = await scannedRepository()
    const folder = await writePackage(root, 'm@1')
    const weights = join(folder, 'weights', 'parts', 'model.onnx.data')
    await mkdir(dirname(weights), { recursive: true })
    await writeFile(weights, 'weights')
    expect(await first()).toEqual(['+m@1'])
    await writeFile(weights, 'other weights')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('again when the link that is its folder leads elsewhere', async () => {
    const { root, first, next } = await scannedRepository()
    const elsewhere = await temporaryFolder()
    for (const copy of ['a', 'b']) await writePackageInto(join(elsewhere, copy), 'm@1')
    await mkdir(join(root, 'm'))
    await symlink(join(elsewhere, 'a'), join(root, 'm', '1'))
    expect(await first()).toEqual(['+m@1'])
    await symlink(join(elsewhere, 'b'), join(root, 'm', '.next'))
    await rename(join(root, 'm', '.next'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })

  test('whatever links to folders lie in it', async () => {
    const { root, first, next } = await scannedRepository()
    const folder = await writePackage(root, 'm@1')
    for (const name of ['again', 'and-again']) await symlink('.', join(folder, name))
    await symlink('/', join(folder, '.everything'))
    expect(await first()).toEqual(['+m@1'])
    expect(await next()).toEqual([])
  })

  test('unless it is hidden, unfinished, or none', async () => {
    const { root, next } = await repositoryWith('m@1')
    for (const id of ['m@.2', 'm@2.part', 'm@2.tmp', '.n@1', 'n.part@1', 'n~@1']) await writePackage(root, id)
    await writeFile(join(root, 'README.md'), 'models')
    await writeFile(join(root, 'm', 'notes'), '')
    await mkdir(join(root, 'm', 'convert'))
    await writeFile(join(root, 'm', 'convert', 'convert.py'), '')
    await writeFile(join(root, 'm', '1', 'model.onnx.part'), 'half')
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
  })
})

describe('a package that will not do', () => {
  test('is told of once a copy, and others are picked up beside it', async () => {
    const { root, next } = await repositoryWith('m@1')
    const folder = await writePackage(root, 'bad@1', { files: { 'model.json': '{' } })
    await writePackage(root, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2', `${join(folder, 'model.json')}: is not JSON`])
    expect(await next()).toEqual([])
    await writeFile(join(folder, 'model.json'), '[')
    await next()
    expect(await next()).toEqual([`${join(folder, 'model.json')}: is not JSON`])
  })

  test('leaves the older copy served; one that is mended takes its place', async () => {
    const { root, next } = await repositoryWith('m@1')
    await writePackage(root, 'm@1', { files: { 'model.json': '' } })
    await next()
    expect(await next()).toEqual([`${join(root, 'm', '1', 'model.json')}: is not JSON`])
    for (let i = 0; i < 2; i++) expect(await next()).toEqual([])
    await writePackage(root, 'm@1')
    await next()
    expect(await next()).toEqual(['+m@1'])
  })

  test.each([
    ['another name', 'other@1'],
    ['another version', 'm@2'],
  ])('may have %s than its folders', async (_, id) => {
    const { root, first } = await scannedRepository()
    const folder = await writePackageInto(join(root, 'm', '1'), id)
    expect(await first()).toEqual([
      `${join(folder, 'model.json')}: says ${id}, its folders say m@1; they must be equal`,
    ])
  })

  test('may lack its manifest', async () => {
    const { root, first } = await scannedRepository()
    const folder = await writePackage(root, 'm@1')
    await unlink(join(folder, 'model.json'))
    expect(await first()).toEqual([`${join(folder, 'model.json')}: there is no such file`])
  })
})
