import { writeFile } from 'node:fs/promises'
import { commandTree } from './commands.ts'
import { REFERENCE_FILE, reference } from './help/reference.ts'
import { processTerminal } from './process-terminal.ts'
import { readInput } from './read-input.ts'
import { processScreen } from './top/process-screen.ts'

/** Entry: `npm run docs` makes docs/cli.md anew, after commands have changed. */
const stopped = new AbortController().signal
const tree = commandTree({
  terminal: processTerminal(stopped),
  environment: {},
  readInput: () => readInput(stopped),
  screen: processScreen({}),
  version: '',
})
await writeFile(REFERENCE_FILE, await reference(tree))
