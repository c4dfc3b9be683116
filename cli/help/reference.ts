import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { CommandDef } from 'citty'
import { loadTree } from './command-tree.ts'
import { renderReference } from './render-reference.ts'

/** Where it is kept. */
export const REFERENCE_FILE = fileURLToPath(new URL('../../docs/cli.md', import.meta.url))

const INTRODUCTION = new URL('reference-introduction.md', import.meta.url)

/** docs/cli.md as the commands have it now. */
export async function reference(tree: CommandDef): Promise<string> {
  return renderReference(await readFile(INTRODUCTION, 'utf8'), await loadTree(['edgebatch'], tree))
}
