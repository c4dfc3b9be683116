import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/package-folders.ts'
import { emptyFolder } from './stack-folder.ts'

test('what an earlier start has left is gone', async () => {
  const folder = join(await temporaryFolder(), 'state', 'port-1')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'old.log'), '')
  await emptyFolder(folder)
  expect(await readdir(folder)).toEqual([])
})

test('where nothing can be written, one is told where, and what to do', async () => {
  // A file in its place keeps root from writing there, too.
  const place = join(await temporaryFolder(), 'state')
  await writeFile(place, '')
  const message = `Cannot write to ${place} (ENOTDIR), where logs and what is built are kept. Start it as who owns the project's folder, or clone the project into a folder of yours.`
  await expect(emptyFolder(join(place, 'port-1'))).rejects.toThrow(message)
})
