import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UsageError } from '../user-error.ts'
import { photoSources } from './photo-sources.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgebatch-photos-'))
  await mkdir(join(folder, 'below.jpg'))
  for (const file of ['b.jpg', 'a.jpg', 'c[1].jpg', 'below.jpg/d.jpg', 'e.png'])
    await writeFile(join(folder, file), file)
  await symlink('nowhere', join(folder, 'f.jpg'))
})
afterAll(() => rm(folder, { recursive: true }))

const noInput = async () => new Uint8Array()

async function files(...names: string[]): Promise<string[]> {
  const paths = names.map((name) => (name === '-' ? name : join(folder, name)))
  const sources = await photoSources(paths, noInput)
  return sources.map(({ file }) => file.replace(`${folder}/`, ''))
}

test('files come in the order in which they are named, each once', async () => {
  expect(await files('b.jpg', 'a.jpg', 'b.jpg', '-')).toEqual(['b.jpg', 'a.jpg', '-'])
})

test('patterns are expanded by name, without directories and links that lead nowhere', async () => {
  expect(await files('*.jpg')).toEqual(['a.jpg', 'b.jpg', 'c[1].jpg'])
  expect(await files('**/*.{jpg,png}')).toEqual(['a.jpg', 'b.jpg', 'below.jpg/d.jpg', 'c[1].jpg', 'e.png'])
})

test('a file that is named like a pattern is that file', async () => {
  expect(await files('c[1].jpg')).toEqual(['c[1].jpg'])
})

test('files are read when they are wanted, and standard input in place of -', async () => {
  const [file, input] = await photoSources([join(folder, 'a.jpg'), '-'], async () => new Uint8Array([7]))
  expect(Buffer.from((await file?.read()) ?? []).toString()).toBe('a.jpg')
  expect(await input?.read()).toEqual(new Uint8Array([7]))
})

test.each([
  ['a file that is not there', 'none.jpg', /none\.jpg: there is no such file$/],
  ['a directory', 'below.jpg/', /is a directory; name its files, as in '.*below\.jpg\/\*\.jpg'/],
  ['a pattern that matches nothing', '*.gif', /\*\.gif matches no file$/],
  ['a file within a file', 'a.jpg/b', /cannot be read: ENOTDIR/],
])('%s is refused', async (_, name, message) => {
  const asking = files('a.jpg', name)
  await expect(asking).rejects.toThrow(UsageError)
  await expect(asking).rejects.toThrow(message)
})
