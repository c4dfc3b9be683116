import { mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder, writePackage } from '../../test/support/package-folders.ts'
import { repositoryWith, scannedRepository } from '../../test/support/scanned-repository.ts'

describe('a package is given up', () => {
  test('when it has been gone from one scan to the next', async () => {
    const { root, next } = await repositoryWith('m@1', 'm@2')
    await rm(join(root, 'm', '1'), { recursive: true })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['-m@1'])
    expect(await next()).toEqual([])
  })

  test('when nothing of it is left in its folder, or its model is gone', async () => {
    const { root, next } = await repositoryWith('a@1', 'b@1', 'c@1')
    for (const file of ['model.json', 'model.onnx']) await unlink(join(root, 'a', '1', file))
    await rm(join(root, 'b'), { recursive: true })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['-a@1', '-b@1'])
  })

  test('not if it is back by then', async () => {
    const { root, next } = await repositoryWith('m@1', 'm@2')
    await rename(join(root, 'm', '1'), join(root, '.aside'))
    expect(await next()).toEqual([])
    await rename(join(root, '.aside'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual([])
  })

  test('and picked up when it comes again', async () => {
    const { root, next } = await repositoryWith('m@1', 'm@2')
    await rename(join(root, 'm', '1'), join(root, '.aside'))
    await next()
    expect(await next()).toEqual(['-m@1'])
    await rename(join(root, '.aside'), join(root, 'm', '1'))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@1'])
  })
})

describe('what cannot be listed counts as still there, and is told of once', () => {
  test.each<[string, (root: string) => Promise<unknown>, RegExp]>([
    ['a repository that is gone', (root) => rename(root, `${root}.away`), /there is no such folder/],
    [
      'a repository that is empty, as when nothing is mounted',
      async (root) => {
        await rename(root, `${root}.away`)
        await mkdir(root)
      },
      /holds no folders/,
    ],
    [
      'a repository that cannot be read',
      async (root) => {
        await rename(root, `${root}.away`)
        await writeFile(root, '')
      },
      /cannot be read \(ENOTDIR\)/,
    ],
  ])('%s', async (_, hide, reason) => {
    const { root, next } = await repositoryWith('m@1')
    onTestFinished(() => rm(`${root}.away`, { recursive: true, force: true }))
    await hide(root)
    expect(await next()).toEqual([expect.stringMatching(reason)])
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await rm(root, { recursive: true, force: true })
    await rename(`${root}.away`, root)
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await writePackage(root, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2'])
  })

  test.each([
    ['a version', 'm/1'],
    ['a model', 'm'],
  ])('%s that is a link, and what it leads to is not mounted', async (_, link) => {
    const { root, first, next } = await scannedRepository()
    const volume = await temporaryFolder()
    onTestFinished(() => rm(`${volume}.away`, { recursive: true, force: true }))
    await writePackage(volume, 'm@1')
    await writePackage(root, 'other@1')
    await mkdir(dirname(join(root, link)), { recursive: true })
    await symlink(join(volume, link), join(root, link))
    expect(await first()).toEqual(['+m@1', '+other@1'])
    await rename(volume, `${volume}.away`)
    expect(await next()).toEqual([`${join(root, link)}: there is no such folder`])
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await rename(`${volume}.away`, volume)
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
    await unlink(join(root, link))
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['-m@1'])
  })

  test('a link that cannot be followed for another reason', async () => {
    const { root, next } = await repositoryWith('m@1', 'other@1')
    const version = join(root, 'm', '1')
    await rename(version, join(root, '.aside'))
    await symlink('1', version)
    expect(await next()).toEqual([`${version}: cannot be read (ELOOP)`])
    for (let i = 0; i < 3; i++) expect(await next()).toEqual([])
  })

  test('but nobody is told of links that are not selected', async () => {
    const { root, first } = await scannedRepository({ only: [{ name: 'm' }] })
    await writePackage(root, 'm@1')
    await symlink('nowhere', join(root, 'other'))
    expect(await first()).toEqual(['+m@1'])
  })
})
