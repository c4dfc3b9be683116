import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { UserError } from '../user-error.ts'
import { consequences } from './remove-command.ts'
import { findRemovable, removeModel } from './remove-model.ts'

let repository: string
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'edgebatch-models-'))
  onTestFinished(() => rm(repository, { recursive: true }))
  for (const version of ['a/1', 'a/2', 'b/1']) {
    await mkdir(join(repository, version), { recursive: true })
    await writeFile(join(repository, version, 'model.json'), '{}')
  }
})

const remove = async (name: string, version?: string) => {
  const found = await findRemovable(repository, { name, version })
  await removeModel(found)
  return found
}

test('one version goes, and others stay', async () => {
  const found = await remove('a', '2')
  expect(found).toMatchObject({ versions: ['2'], others: ['1'], isLast: false })
  expect(await readdir(repository)).toEqual(['a', 'b'])
  expect(await readdir(join(repository, 'a'))).toEqual(['1'])
  expect(consequences(found).join()).toContain('callers that name no version get the highest that is left: 1')
})

test('without a version, all of the model go, and nothing is left of it', async () => {
  expect(await remove('a')).toMatchObject({ versions: ['1', '2'], others: [], isLast: false })
  expect(await readdir(repository)).toEqual(['b'])
})

test('of the last model it is told that pools go on with it', async () => {
  await remove('a')
  const last = await remove('b', '1')
  expect(consequences(last).join()).toContain('looks like one that is not mounted')
  expect(await readdir(repository)).toEqual([])
})

test('a link goes, and not what it leads to', async () => {
  await symlink(join(repository, 'b/1'), join(repository, 'a/3'))
  await symlink(join(repository, 'nowhere'), join(repository, 'a/4'))
  await remove('a', '3')
  await remove('a', '4')
  expect(await readdir(join(repository, 'b/1'))).toEqual(['model.json'])
  expect(await readdir(join(repository, 'a'))).toEqual(['1', '2'])
})

test('a model that is a link goes as one: no version of what it leads to, and nothing there', async () => {
  await symlink(join(repository, 'a'), join(repository, 'linked'))
  await expect(remove('linked', '1')).rejects.toThrow(/is a link/)
  await remove('linked')
  expect(await readdir(repository)).toEqual(['a', 'b'])
  expect(await readdir(join(repository, 'a'))).toEqual(['1', '2'])
})

test.each([
  ['a model that is not there', 'c', undefined, /has no model c; it has a, b$/],
  ['a version that is not there', 'a', '3', /a has no version 3; it has 1, 2$/],
])('%s is told, with those that are', async (_, name, version, message) => {
  await expect(remove(name, version)).rejects.toThrow(UserError)
  await expect(remove(name, version)).rejects.toThrow(message)
})

test('what is no package is left alone, and so is all else', async () => {
  await rm(join(repository, 'a/2/model.json'))
  await writeFile(join(repository, 'a/2/thesis.txt'), '')
  await expect(remove('a')).rejects.toThrow(/a\/2: has no model\.json, so it is no package/)
  expect(await readdir(join(repository, 'a'))).toEqual(['1', '2'])
})
