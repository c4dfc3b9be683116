import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../local-stack/project-root.ts'
import { type Block, blocksOf } from './command-blocks.ts'
import { follow } from './follow.ts'
import { Reader } from './reader.ts'

let reader: Reader
beforeAll(async () => {
  reader = await Reader.begin()
})
afterAll(() => reader.end())

const OUTPUT = ['json', '']

/** Those of which it must be said how they are run are all but what shows an answer, or a drawing. */
async function blocksIn(document: string): Promise<Block[]> {
  const blocks = blocksOf(await readFile(join(PROJECT_ROOT, document), 'utf8'))
  const commands = blocks.filter(({ language }) => !OUTPUT.includes(language))
  expect(commands.filter(({ directive }) => directive === undefined)).toEqual([])
  return blocks
}

test('the README’s commands do what it says', async () => {
  expect(await follow(reader, await blocksIn('README.md'))).toBe(4)
})

test('the quickstart leads from a clone to a model of one’s own behind a key', async () => {
  expect(await follow(reader, await blocksIn('docs/quickstart.md'))).toBe(8)
})
