import { command } from '../command.ts'
import { refuseUnknown } from '../flags.ts'
import type { CommandNode } from '../help/command-tree.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../user-error.ts'
import { bashCompletions } from './bash.ts'
import { type Completable, completables } from './completable.ts'
import { fishCompletions } from './fish.ts'
import { zshCompletions } from './zsh.ts'

const SHELLS: Record<string, (all: readonly Completable[]) => string> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
}

const args = {
  shell: { type: 'positional', description: 'The shell', valueHint: 'bash|zsh|fish', required: false },
} as const

export function completionsCommand(terminal: Terminal, loadTree: () => Promise<CommandNode>) {
  return command({
    meta: { name: 'completions', description: 'Print what makes a shell complete commands and flags.' },
    args,
    details: [
      "Shells complete the command edgebatch itself: where it is not on the PATH, alias edgebatch='npx edgebatch' makes it one.",
    ],
    examples: [
      { does: 'bash, in ~/.bashrc', line: 'source <(edgebatch completions bash)' },
      { does: 'zsh, in ~/.zshrc, behind compinit', line: 'source <(edgebatch completions zsh)' },
      {
        does: 'fish',
        line: 'edgebatch completions fish > ~/.config/fish/completions/edgebatch.fish',
      },
    ],
    run: async ({ args: given }) => {
      refuseUnknown(given, args, 1)
      const { shell = '' } = given
      const render = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
      if (!render)
        throw new UsageError(`which shell? edgebatch completions ${Object.keys(SHELLS).join(' | ')}`)
      terminal.print(render(completables(await loadTree())))
    },
  })
}
