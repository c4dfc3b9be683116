import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { blocksOf } from './command-blocks.ts'
import { follow } from './follow.ts'
import { Reader } from './reader.ts'

let reader: Reader
beforeAll(async () => {
  reader = await Reader.begin()
})
afterAll(() => reader.end())

test('the quickstart leads from a clone to a model of one’s own behind a key', async () => {
  const blocks = blocksOf(await readFile(join(PROJECT_ROOT, 'docs/quickstart.md'), 'utf8'))
  const commands = blocks.filter(({ language }) => language !== 'json')
  expect(commands.filter(({ directive }) => directive === undefined)).toEqual([])
  expect(await follow(reader, blocks)).toBe(7)
})
