import { symlinkSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { temporaryFolder, writePackage, writePackageInto } from '../../test/support/package-folders.ts'
import { SCAN_EVERY_MS, scannedRepository } from '../../test/support/scanned-repository.ts'

describe('at the start', () => {
  test('what has not changed for as long as two scans are apart is picked up at once', async () => {
    const { root, clock, first } = await scannedRepository()
    await writePackage(root, 'm@1')
    clock.pass(Date.now() + 3_600_000)
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([])
  })

  test('what is new is waited for', async () => {
    const { root, clock, first } = await scannedRepository()
    const folder = await writePackage(root, 'm@1')
    clock.onWake = () => {
      if (clock.sleeps.length === 1) addFileTo(folder)
    }
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([SCAN_EVERY_MS, SCAN_EVERY_MS])
  })

  test('the highest version of each model comes first: no other is the default meanwhile', async () => {
    const { root, first } = await scannedRepository()
    for (const id of ['a@9', 'a@10', 'a@1', 'b@2', 'b@1.5']) await writePackage(root, id)
    expect(await first()).toEqual(['+a@10', '+b@2', '+a@9', '+b@1.5', '+a@1'])
  })

  test('what is still being copied keeps nothing else waiting', async () => {
    const { root, clock, first } = await scannedRepository()
    await writePackage(root, 'm@1')
    const growing = await writePackage(root, 'm@2')
    clock.onWake = () => addFileTo(growing)
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([SCAN_EVERY_MS])
  })

  test('a repository without a package has nothing to wait for', async () => {
    const { root, first } = await scannedRepository()
    expect(await first()).toEqual([`${root}: holds no folders name/version`])
  })

  test('waiting ends when it is time to stop', async () => {
    const { root, first } = await scannedRepository()
    await writePackage(root, 'm@1')
    expect(await first(AbortSignal.abort())).toEqual([])
  })
})

describe('what is served can be chosen', () => {
  test('by model and by version', async () => {
    const { root, first, next } = await scannedRepository({
      only: [{ name: 'a' }, { name: 'b', version: '2' }],
    })
    for (const id of ['a@1', 'a@2', 'b@1', 'b@2', 'c@1']) await writePackage(root, id)
    expect(await first()).toEqual(['+a@2', '+b@2', '+a@1'])
    await writePackage(root, 'a@3')
    await writePackage(root, 'b@3')
    await next()
    expect(await next()).toEqual(['+a@3'])
  })

  test('and what is not there is said', async () => {
    const { root, first } = await scannedRepository({ only: [{ name: 'a', version: '2' }, { name: 'b' }] })
    await writePackage(root, 'a@1')
    await writePackage(root, 'b@1')
    expect(await first()).toEqual(['+b@1', `${root}: holds no a@2 (MODELS)`])
  })

  test('by its folder, whatever the name, and then nothing is waited for', async () => {
    const folder = await writePackageInto(join(await temporaryFolder(), 'my model'), 'm@1')
    const { clock, first, next } = await scannedRepository({ repository: undefined, folders: [folder] })
    expect(await first()).toEqual(['+m@1'])
    expect(clock.sleeps).toEqual([])
    await writePackageInto(folder, 'm@2')
    expect(await next()).toEqual([])
    expect(await next()).toEqual(['+m@2 for m@1'])
  })

  test('a folder that is not there is refused, and picked up when it comes', async () => {
    const folder = join(await temporaryFolder(), 'later')
    const { first, next } = await scannedRepository({ repository: undefined, folders: [folder] })
    expect(await first()).toEqual([`${join(folder, 'model.json')}: there is no such file`])
    expect(await next()).toEqual([])
    await writePackageInto(folder, 'm@1')
    await next()
    expect(await next()).toEqual(['+m@1'])
    await rm(folder, { recursive: true })
    expect(await next()).toEqual([`${folder}: there is no such folder`])
    for (let i = 0; i < 2; i++) expect(await next()).toEqual([])
  })

  test('of two folders with the same version the first is served, and the other once that is gone', async () => {
    const folders = await Promise.all(
      ['a', 'b'].map(async (name) => writePackageInto(join(await temporaryFolder(), name), 'm@1')),
    )
    const { first, next } = await scannedRepository({ repository: undefined, folders })
    expect(await first()).toEqual(['+m@1', `${folders[1]}: m@1 is served from ${folders[0]} already`])
    expect(await next()).toEqual([])
    await writePackageInto(folders[0] as string, 'm@2')
    await next()
    expect(await next()).toEqual(['+m@2 for m@1'])
    expect(await next()).toEqual(['+m@1'])
  })
})

/** One more file in a folder. */
function addFileTo(folder: string): void {
  symlinkSync('model.onnx', join(folder, `more-${crypto.randomUUID()}`))
}
