import { existsSync } from 'node:fs'
import { symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder, writePackage, writePackageInto } from '../../test/support/package-folders.ts'
import { repositoryWith, scannedRepository } from '../../test/support/scanned-repository.ts'
import { ModelPackageError } from './model-package.ts'
import { PackageChangedError } from './package-change.ts'

describe('a package that was offered and is not served', () => {
  test('though it can never be is not offered again; another copy of it is, and takes the place of what is served', async () => {
    const folder = await writePackageInto(join(await temporaryFolder(), 'mine'), 'm@1')
    const { failing, first, next } = await scannedRepository({ repository: undefined, folders: [folder] })
    expect(await first()).toEqual(['+m@1'])
    failing.set('m@2', new ModelPackageError('its graph cannot be loaded'))
    await writePackageInto(folder, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2 for m@1'])
    for (let i = 0; i < 5; i++) expect(await next(3_600_000)).toEqual([])
    failing.clear()
    await writePackageInto(folder, 'm@2', { files: { 'model.onnx': 'another graph' } })
    await next()
    expect(await next()).toEqual(['+m@2 for m@1'])
  })

  test('for a reason that may pass is offered again, after pauses that grow up to five minutes', async () => {
    const { root, failing, clock, next } = await repositoryWith('m@1')
    failing.set('m@2', new Error('Redis refuses'))
    await writePackage(root, 'm@2')
    const offered: number[] = []
    while (offered.length < 9) if ((await next(1_000)).includes('+m@2')) offered.push(clock.now())
    const pauses = offered.slice(1).map((at, i) => (at - (offered[i] as number)) / 1_000)
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300])
    failing.clear()
    expect(await next(300_000)).toEqual(['+m@2'])
    expect(await next(300_000)).toEqual([])
  })

  test('begins with a short pause again when it is another copy', async () => {
    const { root, failing, next } = await repositoryWith('m@1')
    failing.set('m@2', new Error('Redis refuses'))
    await writePackage(root, 'm@2')
    await next()
    for (const pause of [5_000, 5_000, 10_000]) expect(await next(pause)).toEqual(['+m@2'])
    await writePackage(root, 'm@2', { files: { 'model.onnx': 'another graph' } })
    expect(await next()).toEqual([])
    for (const pause of [5_000, 5_000, 10_000]) expect(await next(pause)).toEqual(['+m@2'])
  })

  test('since it changed while it was loaded is picked up when it stays the same', async () => {
    const { root, failing, next } = await repositoryWith('m@1')
    failing.set('m@2', new PackageChangedError('changed'))
    await writePackage(root, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2'])
    failing.clear()
    await writePackage(root, 'm@2', { files: { 'model.onnx': 'another graph' } })
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2'])
  })

  test.each([
    ['for good', new ModelPackageError('its graph cannot be loaded')],
    ['for now', new Error('Redis refuses')],
  ])('%s leaves its version to another folder', async (_, error) => {
    const folders = await Promise.all(
      ['a', 'b'].map(async (name) => writePackageInto(join(await temporaryFolder(), name), 'm@1')),
    )
    const { failing, first, next } = await scannedRepository({ repository: undefined, folders })
    failing.set('m@1', error)
    expect(await first()).toEqual(['+m@1', `${folders[1]}: m@1 is served from ${folders[0]} already`])
    failing.clear()
    expect(await next(1_000)).toEqual([])
    expect(await next(4_000)).toEqual(['+m@1'])
  })

  test.runIf(existsSync('/proc/self/mem'))(
    'as a file of it cannot be read now is tried again; the older copy is served on',
    async () => {
      const { root, next } = await repositoryWith('m@1')
      // What it leads to is there, and reading it fails as it does on a broken disk.
      const labels = { 'model.json': '', 'labels.txt': 'cat\n' }
      const folder = await writePackage(root, 'm@2', { files: labels })
      await unlink(join(folder, 'model.json'))
      await symlink('/proc/self/mem', join(folder, 'model.json'))
      await next()
      const told = [`${join(folder, 'model.json')}: cannot be read (EIO)`]
      for (const pause of [5_000, 5_000, 10_000]) expect(await next(pause)).toEqual(told)
    },
  )
})
