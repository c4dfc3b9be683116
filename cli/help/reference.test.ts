import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { commandTree } from '../commands.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import type { Screen } from '../top/screen.ts'
import { loadTree } from './command-tree.ts'
import { REFERENCE_FILE, reference } from './reference.ts'

// Commands are looked at and not run: they are not given anything.
const tree = commandTree({
  ...{ terminal: {} as Terminal, screen: {} as Screen, environment: {}, version: '' },
  readInput: async () => new Uint8Array(),
})

test('docs/cli.md is what the commands say; npm run docs makes it anew', async () => {
  expect(await readFile(REFERENCE_FILE, 'utf8')).toBe(await reference(tree))
})

test('it has all exit codes', async () => {
  const text = await reference(tree)
  for (const code of Object.values(EXIT_CODES)) expect(text).toMatch(new RegExp(`^\\| ${code} +\\|`, 'm'))
})

test('every command and every flag says what it is for', async () => {
  const nodes = [await loadTree(['edgebatch'], tree)]
  for (const node of nodes) {
    nodes.push(...node.subCommands)
    expect(node.description, node.path.join(' ')).toMatch(/^[A-Z].*\.$/)
    for (const { name, definition } of [...node.flags, ...node.positionals])
      expect(definition.description, `${node.path.join(' ')} ${name}`).toMatch(/\S/)
    for (const { line } of node.examples) expect(line).toContain(node.path.join(' '))
  }
  expect(nodes.length).toBeGreaterThan(25)
})
