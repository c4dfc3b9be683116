import type { CommandNode, NamedArgument } from '../help/command-tree.ts'

/** What can be typed behind a command's name. */
export interface Completable {
  /** `edgebatch model add` */
  called: string
  subCommands: readonly Choice[]
  flags: readonly CompletableFlag[]
}

export interface Choice {
  word: string
  description: string
}

export interface CompletableFlag extends Choice {
  takesValue: boolean
  /** All that it takes; empty where that is for the user to say, as with files. */
  values: readonly string[]
}

/** A command and all below it, the outermost first. */
export function completables(node: CommandNode): Completable[] {
  const { path, flags, subCommands } = node
  const own: Completable = {
    called: path.join(' '),
    subCommands: subCommands.map((sub) => ({ word: sub.path.at(-1) ?? '', description: sub.description })),
    flags: [...flags.map(completableFlag), HELP],
  }
  return [own, ...subCommands.flatMap(completables)]
}

const HELP: CompletableFlag = {
  ...{ word: '--help', description: 'What it does', takesValue: false, values: [] },
}

function completableFlag({ name, definition }: NamedArgument): CompletableFlag {
  const hint = definition.valueHint ?? ''
  return {
    word: `--${name}`,
    description: definition.description ?? '',
    takesValue: definition.type !== 'boolean',
    values: hint.includes('|') ? hint.split('|') : [],
  }
}

/** As one word for any of the shells' single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
